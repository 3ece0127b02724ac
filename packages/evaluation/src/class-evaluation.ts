import { categoryPart, cocoMetrics, thresholdPart } from "./coco-metrics.ts";
import type { ClassEvaluation, ThresholdMetrics } from "./detection-evaluation.ts";
import type { EvaluationParameters } from "./evaluation-options.ts";
import type { EvaluationTables } from "./evaluation-tables.ts";
import { meanOfCounted } from "./mean-of-counted.ts";
import type { PreparedEvaluation } from "./prepared-evaluation.ts";

/** AP and recall at each IoU threshold, of all categories or of one. */
export function thresholdMetrics(
  tables: EvaluationTables,
  parameters: EvaluationParameters,
  category?: number,
): ThresholdMetrics[] {
  const { categoryCount, thresholdCount } = tables;
  const precision = categoryPart(tables.precision[0] as Float64Array, categoryCount, category);
  const recall = categoryPart(tables.recall[0] as Float64Array, categoryCount, category);
  return parameters.iouThresholds.map((iouThreshold, threshold) => ({
    iouThreshold,
    AP: meanOfCounted(thresholdPart(precision, thresholdCount, threshold)),
    AR: meanOfCounted(thresholdPart(recall, thresholdCount, threshold)),
  }));
}

/** One category's figures. */
export function classEvaluation(
  tables: EvaluationTables,
  prepared: PreparedEvaluation,
  category: number,
  names: ReadonlyMap<number, string>,
): ClassEvaluation {
  const { parameters, detectionCounts } = prepared;
  const categoryId = parameters.useCategories ? (parameters.categoryIds[category] as number) : -1;
  return {
    categoryId,
    name: parameters.useCategories ? (names.get(categoryId) ?? String(categoryId)) : "all categories",
    truths: tables.truthCounts[category] as number,
    detections: detectionCounts[category] as number,
    metrics: cocoMetrics(tables, parameters, category),
    perThreshold: thresholdMetrics(tables, parameters, category),
    precision: categoryPart(tables.precision[0] as Float64Array, tables.categoryCount, category),
    scores: categoryPart(tables.scores, tables.categoryCount, category),
  };
}
