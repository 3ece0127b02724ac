import type { CocoMetrics } from "./coco-metrics.ts";
import type { EvaluationParameters } from "./evaluation-options.ts";
import type { ImageEvaluation } from "./image-evaluation.ts";

/** Average precision and recall at one IoU threshold; -1 where there is nothing to count. */
export interface ThresholdMetrics {
  readonly iouThreshold: number;
  readonly AP: number;
  readonly AR: number;
}

/** One category's figures. `T` IoU thresholds, `R` recall thresholds. */
export interface ClassEvaluation {
  /** -1 where categories don't count. */
  readonly categoryId: number;
  readonly name: string;
  /** Truths that count (crowds don't). */
  readonly truths: number;
  readonly detections: number;
  readonly metrics: CocoMetrics;
  /** AP and recall at each IoU threshold, all sizes, largest limit of detections. */
  readonly perThreshold: readonly ThresholdMetrics[];
  /** Precision at each recall threshold, `[T, R]`; all -1 where no truth counts. */
  readonly precision: Float64Array;
  /** Score threshold that gives this precision, `[T, R]`; 0 where the recall is not reached. */
  readonly scores: Float64Array;
}

/** All results of an evaluation. */
export interface DetectionEvaluation {
  readonly metrics: CocoMetrics;
  readonly perThreshold: readonly ThresholdMetrics[];
  /** One entry for each category, ids ascending, including those without truths or detections. */
  readonly perClass: readonly ClassEvaluation[];
  /** Matches of each image and category that has a truth or a detection, in that order. Computed when first read. */
  readonly perImage: readonly ImageEvaluation[];
  /** What was evaluated, with every default filled in. */
  readonly parameters: EvaluationParameters;
  /** What COCO's rules leave out unexpectedly. */
  readonly warnings: readonly string[];
}
