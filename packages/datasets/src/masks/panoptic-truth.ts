import { DataError } from "@detrkit/common";
import { imageName, type ImageRecord } from "../dataset.ts";
import { loadSegmentIds } from "./segment-picture.ts";

/** What every pixel of an image belongs to. */
export interface PanopticTruth {
  readonly width: number;
  readonly height: number;
  /** `[H·W]` the id of each pixel's segment; 0, void, of pixels that belong to none. */
  readonly segmentIds: Int32Array;
  /** The segments that have pixels. */
  readonly segments: readonly PanopticTruthSegment[];
}

/** One segment of an image: a thing, or all of one kind of stuff. */
export interface PanopticTruthSegment {
  readonly id: number;
  /** Index into `Dataset.classes`. */
  readonly label: number;
  readonly isCrowd: boolean;
  /** Number of its pixels. */
  readonly area: number;
}

/**
 * Reads which segment each pixel of an image belongs to. Pixels of ids that are none of its objects are void.
 *
 * @throws DataError naming the image where its masks are no picture, or one that cannot be read
 */
export async function panopticTruth(record: ImageRecord): Promise<PanopticTruth> {
  const { segments, width, height, labels, crowd } = record;
  if (segments === undefined)
    throw new DataError(
      `${imageName(record)}: has no picture that says what each pixel belongs to; ` +
        "expected a panoptic data set of COCO, or shapes:stuff=1",
    );
  const known = new Map(Array.from(segments.ids, (id, index) => [id, index]));
  const areas = new Uint32Array(labels.length);
  const pixels = await loadSegmentIds(segments, record, imageName(record));
  const segmentIds = pixels.map((id) => {
    const index = known.get(id);
    if (index === undefined) return 0;
    areas[index] = (areas[index] as number) + 1;
    return id;
  });
  const found = Array.from(labels, (label, index): PanopticTruthSegment => {
    return { id: segments.ids[index] as number, label, isCrowd: crowd[index] === 1, area: areas[index] as number };
  });
  return { width, height, segmentIds, segments: found.filter(({ area }) => area > 0) };
}
