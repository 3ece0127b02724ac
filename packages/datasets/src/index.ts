export { batchCount, batchOrder } from "./batch-plan.ts";
export type { BatchOrder } from "./batch-plan.ts";
export { batches } from "./batches.ts";
export type { BatchesOptions, BatchRecord, DetectionBatch } from "./batches.ts";
export { checkDataset } from "./check-dataset.ts";
export type { CheckDatasetOptions, DatasetReport, Finding, SplitSummary } from "./check-dataset.ts";
export { toCocoGroundTruth } from "./coco-ground-truth.ts";
export type { CocoGroundTruth } from "./coco-ground-truth.ts";
export { dataPolicy, describeProblem } from "./data-policy.ts";
export type { DataProblem, FindingKind, Policy, PolicyAction } from "./data-policy.ts";
export { dataFormats, parseDataSpec } from "./data-spec.ts";
export type { DataFormat, DataSpec } from "./data-spec.ts";
export { imageName } from "./dataset.ts";
export type { Dataset, ImageRecord, PixelSource, Segmentation } from "./dataset.ts";
export { exportCoco } from "./export-coco.ts";
export { loadPixels } from "./image-task.ts";
export { ImageWorkers } from "./image-workers.ts";
export { prepareObjects, transformObjects } from "./image-objects.ts";
export type { ImageObjects } from "./image-objects.ts";
export type {
  AnnotatedImage,
  AnnotatedImages,
  AnnotatedObject,
  ModuleReader,
  ModuleReadRequest,
  ModuleSettings,
} from "./module-reader.ts";
export { listSplits, openDataset, readDataset } from "./open-dataset.ts";
export type { OpenDatasetOptions } from "./open-dataset.ts";
export { renderShapes } from "./shapes-image.ts";
export type { ShapesOptions } from "./shapes-options.ts";
export { toDetectionTarget } from "./to-target.ts";
// The recipes that `batches` takes, beside it.
export { detrEvaluation, detrTraining, fixedSize } from "@detrkit/image";
export type { TransformRecipe, TransformStep } from "@detrkit/image";
