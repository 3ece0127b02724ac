import { DataError } from "@detrkit/common";
import type { PanopticSegment, PanopticSegmentation } from "./panoptic-types.ts";

const voidId = 0;

/** How many pixels each segment of the ground truth shares with each segment of the prediction, in one image. */
export class SegmentOverlaps {
  readonly #columns: number;
  readonly #voidRow: number;
  /** Rows: the truth's segments, void, ids that are not listed. Columns: the prediction's segments, void. */
  readonly #pixels: Int32Array;

  /**
   * @param where - what errors call the image
   * @throws DataError where the maps differ in size, or an id stands for two segments
   */
  constructor(truth: PanopticSegmentation, prediction: PanopticSegmentation, where: string) {
    const [truthIds, predictedIds] = [truth.segmentIds, prediction.segmentIds];
    if (truthIds.length !== predictedIds.length) {
      throw new DataError(
        `${where}: the prediction has ${predictedIds.length} pixels, the ground truth ${truthIds.length}; ` +
          "predict at the size of the ground truth's picture",
      );
    }
    const rows = positions(truth.segments, `${where}: ground truth`);
    const columns = positions(prediction.segments, `${where}: prediction`);
    this.#columns = prediction.segments.length + 1;
    this.#voidRow = rows.get(voidId) as number;
    this.#pixels = new Int32Array((truth.segments.length + 2) * this.#columns);
    const pixels = this.#pixels;
    // Neighbours mostly belong to the same segments, so that ids are looked up only where one changes.
    for (let start = 0, end = 0; start < truthIds.length; start = end) {
      const [truthId, predictedId] = [truthIds[start] as number, predictedIds[start] as number];
      while (truthIds[end] === truthId && predictedIds[end] === predictedId) end += 1;
      const row = rows.get(truthId) ?? truth.segments.length + 1;
      const column = columns.get(predictedId);
      if (column === undefined) {
        throw new DataError(
          `${where}: prediction: pixel ${start} belongs to segment ${predictedId}, which is not listed; ` +
            "list every segment, and give pixels of none the id 0",
        );
      }
      const cell = row * this.#columns + column;
      pixels[cell] = (pixels[cell] as number) + end - start;
    }
  }

  /** Pixels of both. @param truth - position of the segment in its list; `prediction` likewise */
  shared(truth: number, prediction: number): number {
    return this.#pixels[truth * this.#columns + prediction] as number;
  }

  /** Pixels of a predicted segment that the ground truth says nothing of. */
  inVoid(prediction: number): number {
    return this.shared(this.#voidRow, prediction);
  }

  /** Pixels of a segment of the ground truth. */
  areaOfTruth(truth: number): number {
    const from = truth * this.#columns;
    return this.#pixels.subarray(from, from + this.#columns).reduce((sum, pixels) => sum + pixels, 0);
  }

  /** Pixels of a predicted segment. */
  areaOfPrediction(prediction: number): number {
    let area = 0;
    for (let cell = prediction; cell < this.#pixels.length; cell += this.#columns) area += this.#pixels[cell] as number;
    return area;
  }
}

/** The position of each id in a list, void after all of them unless it is listed. */
function positions(segments: readonly PanopticSegment[], where: string): Map<number, number> {
  const found = new Map(segments.map(({ id }, position) => [id, position]));
  if (found.size < segments.length) {
    const twice = segments.find(({ id }, position) => found.get(id) !== position);
    throw new DataError(`${where}: two segments have the id ${twice?.id}; ids must differ`);
  }
  if (!found.has(voidId)) found.set(voidId, segments.length);
  return found;
}
