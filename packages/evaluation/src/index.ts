export { areaRanges } from "./area-ranges.ts";
export type { AreaRange } from "./area-ranges.ts";
export { boxIou } from "./box-overlaps.ts";
export { confidenceCurve } from "./confidence-curve.ts";
export type { ConfidenceCurve, ConfidencePoint } from "./confidence-curve.ts";
export { confusionMatrix } from "./confusion-matrix.ts";
export type { ConfusionMatrix, ConfusionOptions } from "./confusion-matrix.ts";
export { metricNames } from "./coco-metrics.ts";
export type { CocoMetrics } from "./coco-metrics.ts";
export type {
  CocoAnnotation,
  CocoBox,
  CocoCategory,
  CocoGroundTruth,
  CocoImage,
  CocoResult,
  CocoRunLength,
  CocoSegmentation,
  EvaluationType,
} from "./coco-types.ts";
export type { ClassEvaluation, DetectionEvaluation, ThresholdMetrics } from "./detection-evaluation.ts";
export { DetectionEvaluator } from "./detection-evaluator.ts";
export type { DetectionEvaluatorConfig } from "./detection-evaluator.ts";
export { detectionsToCocoResults } from "./detections-to-coco-results.ts";
export type { DetectionSource, ScoredBox } from "./detections-to-coco-results.ts";
export { analyseErrors, errorKinds } from "./error-kinds.ts";
export type { ErrorAnalysis, ErrorAnalysisOptions, ErrorFigures } from "./error-kinds.ts";
export type { ErrorKind } from "./judged-detections.ts";
export { evaluateDetections } from "./evaluate-detections.ts";
export type { EvaluationOptions, EvaluationParameters, EvaluationSettings } from "./evaluation-options.ts";
export type { ImageEvaluation } from "./image-evaluation.ts";
export { imageOutcomes } from "./image-outcomes.ts";
export type { ImageOutcome, OutcomeOptions } from "./image-outcomes.ts";
export type { AnalysedDetections } from "./images-of-all-classes.ts";
export { compressCounts, decompressCounts } from "./masks/compressed-counts.ts";
export { maskArea, maskBoundingBox } from "./masks/mask-geometry.ts";
export { mergeMasks } from "./masks/merge-masks.ts";
export { polygonsToMask, polygonToMask } from "./masks/polygon-mask.ts";
export { decodeMask, encodeMask, runLengthMask } from "./masks/run-length-mask.ts";
export type { RunLengthMask } from "./masks/run-length-mask.ts";
export { maskToSegmentation, segmentationToMask } from "./masks/segmentation-mask.ts";
export { maskIou } from "./mask-overlaps.ts";
export { objectStatistics } from "./object-statistics.ts";
export type { ClassCount, ObjectStatistics } from "./object-statistics.ts";
export { precisionRecallCurve } from "./precision-recall-curve.ts";
export type { CurveOptions, PrecisionRecallCurve } from "./precision-recall-curve.ts";
export { readCocoGroundTruth, readCocoResults } from "./read-coco.ts";
