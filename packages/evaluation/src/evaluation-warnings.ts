import type { SelectedObjects } from "./selected-objects.ts";

/** Warns about what COCO's rules leave out of the metrics unexpectedly. */
export function evaluationWarnings(
  truths: SelectedObjects,
  detections: SelectedObjects,
  truthIds: Float64Array,
): string[] {
  const warnings: string[] = [];
  if (truths.ofUnknownCategory > 0) {
    warnings.push(
      `${truths.ofUnknownCategory} annotations were not counted: their category_id is not among ` +
        "the ground truth's categories.",
    );
  }
  if (detections.ofUnknownCategory > 0) {
    warnings.push(
      `${detections.ofUnknownCategory} results were not counted: their category_id is not among ` +
        "the ground truth's categories.",
    );
  }
  if (truthIds.includes(0)) {
    warnings.push(
      "The annotation with id 0 can't be matched, as in pycocotools, and lowers the figures: " +
        "number annotations from 1.",
    );
  }
  return warnings;
}
