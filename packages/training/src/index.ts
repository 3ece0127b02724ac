export { defineDetector } from "./define-detector.ts";
export type { DetectorDefinition, DetectorToDefine, OwnSettings, RateGroup } from "./define-detector.ts";
export { deformableDetr, detr } from "./detectors/detectors.ts";
export { focalCriterion, focalLosses, softmaxCriterion, softmaxLosses } from "./detectors/set-losses.ts";
export type { FocalLosses, SoftmaxLosses } from "./detectors/set-losses.ts";
export type { EarlyStop } from "./early-stop.ts";
export { readLog } from "./epoch-record.ts";
export type { EpochRecord } from "./epoch-record.ts";
export { evaluateDetector } from "./evaluate-detector.ts";
export type { EvaluatedDetector, EvaluateDetectorOptions } from "./evaluate-detector.ts";
export type { EvaluatedMasks } from "./evaluate-masks.ts";
export { freezeDetector, stepCallOptions } from "./freeze-detector.ts";
export type { StepSettings } from "./freeze-detector.ts";
export { workLeft } from "./run-pace.ts";
export type { RunLength, WorkLeft } from "./run-pace.ts";
export { RunLock } from "./run-lock.ts";
export { runFiles } from "./run-files.ts";
export type { RunFiles } from "./run-files.ts";
export { countTrainedParameters } from "./session.ts";
export { storedMetrics } from "./stored-metrics.ts";
export type { StoredMetrics } from "./stored-metrics.ts";
export { train } from "./train.ts";
export type {
  Criterion,
  FinishedEpoch,
  Optimizer,
  TrainingData,
  TrainingOutcome,
  TrainingTransforms,
  TrainOptions,
} from "./train-options.ts";
export { trainingRecipe } from "./train-options.ts";
export { TrainingError } from "./training-events.ts";
export type { EstimateEvent, LatestStep, StepEvent, TrainingEvent } from "./training-events.ts";
