import { accumulateCategory } from "./accumulate-category.ts";
import { categoryOutcomes } from "./category-outcomes.ts";
import { assertGroundTruth, assertResult } from "./check-coco.ts";
import { assertList } from "./check-values.ts";
import { classEvaluation, thresholdMetrics } from "./class-evaluation.ts";
import { cocoMetrics } from "./coco-metrics.ts";
import type { DetectionEvaluation } from "./detection-evaluation.ts";
import { DetectionMatcher } from "./detection-matcher.ts";
import type { EvaluationOptions } from "./evaluation-options.ts";
import { emptyTables } from "./evaluation-tables.ts";
import { imageEvaluations } from "./image-evaluation.ts";
import type { ImageEvaluation } from "./image-evaluation.ts";
import { prepareEvaluation } from "./prepared-evaluation.ts";

/**
 * COCO's detection metrics, equal to pycocotools', including its quirks, which `warnings` name.
 *
 * @example const { metrics } = evaluateDetections({ groundTruth, detections, type: "bbox" });
 */
export function evaluateDetections(options: EvaluationOptions): DetectionEvaluation {
  checkInput(options);
  const prepared = prepareEvaluation(options);
  const { parameters, groups, warnings } = prepared;
  const tables = emptyTables(parameters, groups.length);
  const matcher = new DetectionMatcher(parameters.iouThresholds);
  for (const [category, group] of groups.entries()) {
    accumulateCategory(tables, parameters, category, categoryOutcomes(prepared, group, matcher));
  }
  const names = new Map(options.groundTruth.categories.map(({ id, name }) => [id, name ?? String(id)]));
  let perImage: readonly ImageEvaluation[] | undefined;
  return {
    metrics: cocoMetrics(tables, parameters),
    perThreshold: thresholdMetrics(tables, parameters),
    perClass: groups.map((_, category) => classEvaluation(tables, prepared, category, names)),
    get perImage(): readonly ImageEvaluation[] {
      return (perImage ??= imageEvaluations(prepared));
    },
    parameters,
    warnings,
  };
}

function checkInput({ groundTruth, detections }: EvaluationOptions): void {
  assertGroundTruth(groundTruth, "evaluateDetections");
  assertList(detections, "evaluateDetections: detections");
  const imageIds = new Set(groundTruth.images.map((image) => image.id));
  for (const [index, result] of detections.entries())
    assertResult(result, imageIds, `evaluateDetections: detections[${index}]`);
}
