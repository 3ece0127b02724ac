import type { SelectedObjects } from "./selected-objects.ts";

/** What the metrics leave out by COCO's rules, though the user may not expect it. */
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
