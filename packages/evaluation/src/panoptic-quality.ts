import { DataError } from "@detrkit/common";
import { meanOfCounted } from "./mean-of-counted.ts";
import type {
  PanopticCategory,
  PanopticClassQuality,
  PanopticEvaluation,
  PanopticMeans,
  PanopticSegment,
  PanopticSegmentation,
} from "./panoptic-types.ts";
import { SegmentOverlaps } from "./segment-overlaps.ts";

/** What was counted of a class. */
interface Counts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  iouSum: number;
}

/**
 * Panoptic quality (Kirillov et al. 2019), counted image by image by the rules of COCO's evaluation:
 *
 * - A predicted segment and one of the ground truth are the same where they have one class and their IoU is above 1/2.
 *   Pixels that the ground truth leaves void don't count in the union.
 * - A crowd of the ground truth is neither found nor missed.
 * - A predicted segment of which more than half lies in void, and in the crowd of its class, is no mistake. Of several
 *   crowds of a class it is the last one that is listed.
 */
export class PanopticQuality {
  readonly #categories: readonly PanopticCategory[];
  readonly #counts: ReadonlyMap<number, Counts>;

  /** @param config - `categories`: all classes; segments of others are refused */
  constructor({ categories }: { readonly categories: readonly PanopticCategory[] }) {
    this.#categories = categories;
    this.#counts = new Map(
      categories.map(({ id }) => [id, { truePositives: 0, falsePositives: 0, falseNegatives: 0, iouSum: 0 }]),
    );
  }

  /**
   * Counts an image.
   *
   * @param image - what errors call it
   * @throws DataError naming the segment that is listed and has no pixel, or has pixels and is not listed, or whose
   *   class is unknown; nothing is counted then
   */
  add(image: number | string, truth: PanopticSegmentation, prediction: PanopticSegmentation): void {
    const where = `image ${image}`;
    for (const segment of truth.segments) this.#expectCategory(segment, `${where}: ground truth`);
    for (const segment of prediction.segments) this.#expectCategory(segment, `${where}: prediction`);
    const overlaps = new SegmentOverlaps(truth, prediction, where);
    const areas = prediction.segments.map((_, index) => overlaps.areaOfPrediction(index));
    const missing = prediction.segments.filter((_, index) => areas[index] === 0).map(({ id }) => id);
    if (missing.length > 0) {
      throw new DataError(
        `${where}: prediction: no pixel belongs to the listed segments ${missing.join(", ")}; ` +
          "list only those with pixels",
      );
    }
    this.#count(truth.segments, prediction.segments, overlaps, areas);
  }

  /** The figures of all images so far. */
  evaluate(): PanopticEvaluation {
    const perClass = this.#categories.map((category) => classQuality(category, this.#countsOf(category.id)));
    return {
      all: meansOf(perClass),
      things: meansOf(perClass.filter(({ isThing }) => isThing)),
      stuff: meansOf(perClass.filter(({ isThing }) => !isThing)),
      perClass,
    };
  }

  #count(
    truth: readonly PanopticSegment[],
    predicted: readonly PanopticSegment[],
    overlaps: SegmentOverlaps,
    areas: readonly number[],
  ): void {
    const found = new Set<number>();
    /** By class, the crowd's position. */
    const crowds = new Map<number, number>();
    truth.forEach(({ area, categoryId, isCrowd = false }, row) => {
      if (isCrowd) {
        crowds.set(categoryId, row);
        return;
      }
      const counts = this.#countsOf(categoryId);
      const truthArea = area ?? overlaps.areaOfTruth(row);
      let isFound = false;
      predicted.forEach((segment, column) => {
        const shared = overlaps.shared(row, column);
        if (shared === 0 || segment.categoryId !== categoryId) return;
        const union = (areas[column] as number) + truthArea - shared - overlaps.inVoid(column);
        const iou = shared / union;
        if (!(iou > 0.5)) return;
        counts.truePositives += 1;
        counts.iouSum += iou;
        isFound = true;
        found.add(column);
      });
      if (!isFound) counts.falseNegatives += 1;
    });
    predicted.forEach(({ categoryId }, column) => {
      if (found.has(column)) return;
      const crowd = crowds.get(categoryId);
      const ignored = overlaps.inVoid(column) + (crowd === undefined ? 0 : overlaps.shared(crowd, column));
      if (ignored <= 0.5 * (areas[column] as number)) this.#countsOf(categoryId).falsePositives += 1;
    });
  }

  #countsOf(categoryId: number): Counts {
    return this.#counts.get(categoryId) as Counts;
  }

  #expectCategory({ id, categoryId }: PanopticSegment, where: string): void {
    if (this.#counts.has(categoryId)) return;
    const known = [...this.#counts.keys()].join(", ");
    throw new DataError(`${where}: segment ${id} has the unknown class ${categoryId}; expected one of ${known}`);
  }
}

function classQuality({ id, isThing }: PanopticCategory, counts: Counts): PanopticClassQuality {
  const { truePositives, falsePositives, falseNegatives, iouSum } = counts;
  const segments = truePositives + 0.5 * falsePositives + 0.5 * falseNegatives;
  const figures =
    segments === 0
      ? { PQ: -1, SQ: -1, RQ: -1 }
      : {
          PQ: iouSum / segments,
          SQ: truePositives === 0 ? 0 : iouSum / truePositives,
          RQ: truePositives / segments,
        };
  return { categoryId: id, isThing, ...figures, ...counts };
}

/** The means over those classes that have anything to count. */
function meansOf(classes: readonly PanopticClassQuality[]): PanopticMeans {
  const mean = (figure: "PQ" | "SQ" | "RQ"): number =>
    meanOfCounted(Float64Array.from(classes, (each) => each[figure]));
  return { PQ: mean("PQ"), SQ: mean("SQ"), RQ: mean("RQ"), n: classes.filter(({ PQ }) => PQ >= 0).length };
}
