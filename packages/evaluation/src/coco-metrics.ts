import type { EvaluationTables } from "./evaluation-tables.ts";
import type { EvaluationParameters } from "./evaluation-options.ts";
import { meanOfCounted } from "./mean-of-counted.ts";

/** COCO's twelve figures, between 0 and 1; -1 where there is nothing to count. */
export interface CocoMetrics {
  /** Average precision, mean over all IoU thresholds and categories. */
  readonly AP: number;
  readonly AP50: number;
  readonly AP75: number;
  /** Small, medium and large objects. */
  readonly APs: number;
  readonly APm: number;
  readonly APl: number;
  /** Average recall with the first, second and third limit of detections: 1, 10 and 100 unless set otherwise. */
  readonly AR1: number;
  readonly AR10: number;
  readonly AR100: number;
  readonly ARs: number;
  readonly ARm: number;
  readonly ARl: number;
}

/** The names of the twelve figures, in COCO's order. */
export const metricNames: readonly (keyof CocoMetrics)[] = [
  "AP",
  "AP50",
  "AP75",
  "APs",
  "APm",
  "APl",
  "AR1",
  "AR10",
  "AR100",
  "ARs",
  "ARm",
  "ARl",
];

/** Part of a table `[outer, …, K]`: one category of it, or all if none is given. */
export function categoryPart(table: Float64Array, categoryCount: number, category: number | undefined): Float64Array {
  if (category === undefined) return table;
  const part = new Float64Array(table.length / categoryCount);
  for (let index = 0; index < part.length; index++) part[index] = table[index * categoryCount + category] as number;
  return part;
}

/** Rows of one IoU threshold in a table whose first axis is the thresholds. */
export function thresholdPart(table: Float64Array, thresholdCount: number, threshold: number): Float64Array {
  const size = table.length / thresholdCount;
  return table.subarray(threshold * size, (threshold + 1) * size);
}

/** The twelve figures of all categories, or of one. */
export function cocoMetrics(
  tables: EvaluationTables,
  parameters: EvaluationParameters,
  category?: number,
): CocoMetrics {
  const { categoryCount, thresholdCount } = tables;
  const part = (table: Float64Array | undefined): Float64Array =>
    categoryPart(table ?? new Float64Array(0), categoryCount, category);
  const [all, small, medium, large] = tables.precision.map(part);
  const [, recallSmall, recallMedium, recallLarge] = tables.recall.map(part);
  const [recallFirst, recallSecond, recallThird] = tables.recallAtLimits.map(part);
  const mean = (values: Float64Array | undefined): number => (values ? meanOfCounted(values) : -1);
  const precisionAt = (iouThreshold: number): number => {
    const threshold = parameters.iouThresholds.indexOf(iouThreshold);
    return all && threshold >= 0 ? meanOfCounted(thresholdPart(all, thresholdCount, threshold)) : -1;
  };
  return {
    AP: mean(all),
    AP50: precisionAt(0.5),
    AP75: precisionAt(0.75),
    APs: mean(small),
    APm: mean(medium),
    APl: mean(large),
    AR1: mean(recallFirst),
    AR10: mean(recallSecond),
    AR100: mean(recallThird),
    ARs: mean(recallSmall),
    ARm: mean(recallMedium),
    ARl: mean(recallLarge),
  };
}
