import type { DetectionEvaluation } from "@detrkit/evaluation";
import type { EvaluationSummary } from "../report/report-data.ts";

/** The part of an evaluation that a report shows. */
export function summariseEvaluation({ metrics, perClass, parameters }: DetectionEvaluation): EvaluationSummary {
  const counted = perClass.filter(({ truths }) => truths > 0);
  const threshold = parameters.iouThresholds.indexOf(0.5);
  const levels = parameters.recallThresholds.length;
  return {
    metrics,
    classes: counted.map(({ name, truths, metrics: { AP, AP50, AP75, AR100 } }) => ({ label: name, objects: truths, AP, AP50, AP75, AR100 })),
    precisionRecall:
      threshold < 0 ? [] : counted.map(({ name, precision }) => ({ label: name, precision: [...precision.subarray(threshold * levels, (threshold + 1) * levels)] })),
  };
}
