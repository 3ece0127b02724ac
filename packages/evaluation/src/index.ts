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
  CocoCategory,
  CocoGroundTruth,
  CocoImage,
  CocoResult,
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
export { maskIou } from "./mask-overlaps.ts";
export { objectStatistics } from "./object-statistics.ts";
export type { ClassCount, ObjectStatistics } from "./object-statistics.ts";
export { PanopticQuality } from "./panoptic-quality.ts";
export type {
  PanopticCategory,
  PanopticClassQuality,
  PanopticEvaluation,
  PanopticFigures,
  PanopticMeans,
  PanopticSegment,
  PanopticSegmentation,
} from "./panoptic-types.ts";
export { precisionRecallCurve } from "./precision-recall-curve.ts";
export type { CurveOptions, PrecisionRecallCurve } from "./precision-recall-curve.ts";
export { readCocoGroundTruth, readCocoResults } from "./read-coco.ts";
