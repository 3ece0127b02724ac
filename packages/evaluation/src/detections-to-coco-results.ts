import { DataError, type Detection } from "@detrkit/common";
import type { CocoResult } from "./coco-types.ts";

/** The parts of a detection that COCO's format holds. */
export type ScoredBox = Pick<Detection, "box" | "labelId" | "score" | "mask">;

/** Where the detections come from. */
export interface DetectionSource {
  readonly imageId: number;
  /**
   * Size of the source image. If given, boxes are clipped to it; the published models' figures were computed without
   * clipping.
   */
  readonly size?: { readonly width: number; readonly height: number };
  /** Category id of each label; default: labels are category ids. */
  readonly categoryIds?: readonly number[];
}

/** Turns one image's detections into entries of a COCO results file. */
export function detectionsToCocoResults(detections: readonly ScoredBox[], source: DetectionSource): CocoResult[] {
  const { imageId, size, categoryIds } = source;
  const inside = (value: number, limit: number | undefined): number =>
    limit === undefined ? value : Math.min(Math.max(value, 0), limit);
  return detections.map(({ labelId, score, box, mask }) => {
    const category = categoryIds ? categoryIds[labelId] : labelId;
    if (category === undefined) {
      throw new DataError(
        `detectionsToCocoResults: label ${labelId} has no category; ` +
          `categoryIds knows 0 to ${(categoryIds?.length ?? 0) - 1}`,
      );
    }
    const left = inside(box.xmin, size?.width);
    const top = inside(box.ymin, size?.height);
    const width = inside(box.xmax, size?.width) - left;
    const height = inside(box.ymax, size?.height) - top;
    return {
      image_id: imageId,
      category_id: category,
      bbox: [left, top, width, height],
      score,
      ...(mask && { segmentation: mask }),
    };
  });
}
