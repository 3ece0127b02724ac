import { type Dataset, toCocoGroundTruth } from "@detrkit/datasets";
import {
  analyseErrors,
  confidenceCurve,
  type ConfidenceCurve,
  confusionMatrix,
  type ConfusionMatrix,
  detectionsToCocoResults,
  type ErrorAnalysis,
  imageOutcomes,
  type ImageOutcome,
} from "@detrkit/evaluation";
import type { EvaluatedDetector } from "@detrkit/training";
import { drawnFrom } from "../drawing/draw-boxes.ts";

/** What went wrong in an evaluation: kept in `report.json`. */
export interface EvaluationAnalysis {
  /** The score from which detections are drawn: that of the best F1, or the usual one where nothing is right. */
  readonly threshold: number;
  readonly confidence: ConfidenceCurve;
  /** At the threshold. */
  readonly confusion: ConfusionMatrix;
  /** Of all detections. */
  readonly errors: ErrorAnalysis;
  /** Of the detections from the threshold on: what is to be seen in the pictures. */
  readonly drawnErrors: ErrorAnalysis;
  /** At the threshold; ids of the data set. */
  readonly worst: readonly ImageOutcome[];
  readonly best: readonly ImageOutcome[];
}

/**
 * Analyses an evaluation at IoU 0.5.
 *
 * @param shown - how many of the worst and of the best images are wanted
 */
export function analyseEvaluation(
  { evaluation, detections }: EvaluatedDetector,
  validation: Dataset,
  shown: number,
): EvaluationAnalysis {
  const groundTruth = toCocoGroundTruth(validation);
  const results = [...detections].flatMap(([imageId, listed]) => detectionsToCocoResults(listed, { imageId }));
  const confidence = confidenceCurve(evaluation);
  const threshold = confidence.best?.threshold ?? drawnFrom;
  const outcomes = imageOutcomes(evaluation, { scoreThreshold: threshold });
  const worst = outcomes.filter(({ missed, wrong }) => missed + wrong > 0).slice(0, shown);
  // An image without objects is done well by saying nothing: there is nothing to see in it.
  const best = outcomes
    .filter((outcome) => outcome.found > 0 && !worst.includes(outcome))
    .toReversed()
    .slice(0, shown);
  return {
    threshold,
    confidence,
    confusion: confusionMatrix({ groundTruth, detections: results, scoreThreshold: threshold }),
    errors: analyseErrors({ groundTruth, detections: results }),
    drawnErrors: analyseErrors({ groundTruth, detections: results.filter(({ score }) => score >= threshold) }),
    worst,
    best,
  };
}
