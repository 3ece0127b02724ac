import { ConfigError } from "@detrkit/common";
import type { DetectionEvaluation } from "./detection-evaluation.ts";

/** What to draw. */
export interface CurveOptions {
  /** One of the evaluation's IoU thresholds; default 0.5. */
  readonly iouThreshold?: number;
  /** One category; default: the mean over all categories with truths. */
  readonly categoryId?: number;
}

/** Precision at each recall threshold. */
export interface PrecisionRecallCurve {
  readonly recall: readonly number[];
  readonly precision: readonly number[];
}

/** The precision-recall curve of an evaluation, ready to be drawn; empty if nothing counts. */
export function precisionRecallCurve(
  evaluation: DetectionEvaluation,
  options: CurveOptions = {},
): PrecisionRecallCurve {
  const { iouThreshold = 0.5, categoryId } = options;
  const { iouThresholds, recallThresholds } = evaluation.parameters;
  const threshold = iouThresholds.indexOf(iouThreshold);
  if (threshold < 0)
    throw new ConfigError(
      `precisionRecallCurve: iouThreshold ${iouThreshold} was not evaluated, ` +
        `expected one of ${iouThresholds.join(", ")}`,
    );
  const classes = evaluation.perClass.filter((found) => categoryId === undefined || found.categoryId === categoryId);
  if (classes.length === 0) throw new ConfigError(`precisionRecallCurve: category ${categoryId} was not evaluated`);
  const counted = classes.filter((found) => found.truths > 0);
  if (counted.length === 0) return { recall: [], precision: [] };
  const precision = recallThresholds.map((_, index) => {
    const sum = counted.reduce(
      (total, found) => total + (found.precision[threshold * recallThresholds.length + index] as number),
      0,
    );
    return sum / counted.length;
  });
  return { recall: recallThresholds, precision };
}
