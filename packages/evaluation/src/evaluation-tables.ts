import { areaRanges } from "./area-ranges.ts";
import type { EvaluationParameters } from "./evaluation-options.ts";

/**
 * Tables whose means are the metrics; -1 where a category has nothing to count. `T` IoU thresholds, `R` recall
 * thresholds, `K` categories.
 */
export interface EvaluationTables {
  readonly thresholdCount: number;
  readonly recallCount: number;
  readonly categoryCount: number;
  /** Per area range `[T, R, K]`, at the largest limit of detections. */
  readonly precision: readonly Float64Array[];
  /** Per area range `[T, K]`, at the largest limit of detections. */
  readonly recall: readonly Float64Array[];
  /** Per limit of detections `[T, K]`, for all sizes. */
  readonly recallAtLimits: readonly Float64Array[];
  /** Scores at which the precision is reached, for all sizes: `[T, R, K]`. */
  readonly scores: Float64Array;
  /** Truths that count, for all sizes: `[K]`. */
  readonly truthCounts: Int32Array;
}

/** Tables before anything is counted. */
export function emptyTables(parameters: EvaluationParameters, categoryCount: number): EvaluationTables {
  const thresholdCount = parameters.iouThresholds.length;
  const recallCount = parameters.recallThresholds.length;
  const curve = (): Float64Array => new Float64Array(thresholdCount * recallCount * categoryCount).fill(-1);
  const point = (): Float64Array => new Float64Array(thresholdCount * categoryCount).fill(-1);
  return {
    thresholdCount,
    recallCount,
    categoryCount,
    precision: areaRanges.map(curve),
    recall: areaRanges.map(point),
    recallAtLimits: parameters.maxDetections.map(point),
    scores: curve(),
    truthCounts: new Int32Array(categoryCount),
  };
}
