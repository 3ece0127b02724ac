export { batchCount, batchOrder } from "./batches/batch-plan.ts";
export type { BatchOrder } from "./batches/batch-plan.ts";
export { batches } from "./batches/batches.ts";
export type { BatchesOptions, BatchRecord, DetectionBatch } from "./batches/batches.ts";
export { epochLength, repeatFactors } from "./batches/repeat-factors.ts";
export type { RepeatFactorOptions } from "./batches/repeat-factors.ts";
export { ImageWorkers } from "./batches/image-workers.ts";
export { checkDataset, emptySplit } from "./check-dataset.ts";
export { checkImages } from "./check-images.ts";
export type { CheckImagesOptions } from "./check-images.ts";
export type { CheckDatasetOptions, DatasetReport, Finding, SplitSummary } from "./check-dataset.ts";
export { dataPolicy, describeProblem, isRefused, listProblems } from "./data-policy.ts";
export type { BadData, DataProblem, FindingKind, Policy, PolicyAction } from "./data-policy.ts";
export { dataFormats, parseDataSpec } from "./data-spec.ts";
export { imageName } from "./dataset.ts";
export { describeData } from "./describe-data.ts";
export type { Dataset, ImageRecord } from "./dataset.ts";
export { categoriesOf, exportCoco, toCocoGroundTruth } from "./formats/coco/write-coco.ts";
export type { CocoGroundTruth } from "./formats/coco/write-coco.ts";
export { hasMasks, keepMasked } from "./masks/keep-masked.ts";
export { panopticTruth } from "./masks/panoptic-truth.ts";
export type { PanopticTruth, PanopticTruthSegment } from "./masks/panoptic-truth.ts";
export type { SegmentCoding, SegmentPicture } from "./masks/segment-picture.ts";
export { withSegmentations } from "./masks/with-segmentations.ts";
export type {
  AnnotatedFile,
  AnnotatedImage,
  AnnotatedImages,
  AnnotatedObject,
  AnnotatedPicture,
  ModuleReader,
  ModuleReadRequest,
  ModuleSettings,
} from "./formats/module/module-reader.ts";
export { listSplits, openDataset, readDataset } from "./open-dataset.ts";
export type { OpenDatasetOptions } from "./open-dataset.ts";
export { definePixelSource, loadPixels } from "./pixel-source.ts";
export type {
  DefinedPixels,
  ImageToLoad,
  Picture,
  PixelSource,
  PixelSourceDefinition,
  PixelSourceKind,
} from "./pixel-source.ts";
export type { DataSpec } from "./reading/reader.ts";
export { shareOut } from "./splits/share-out.ts";
export type { SharedOut, ShareOutOptions } from "./splits/share-out.ts";
export { sharedImages } from "./splits/shared-images.ts";
export { prepareObjects, toDetectionTarget } from "./targets.ts";
// What a recipe is made of, beside `batches`, which takes it.
export {
  centreCrop,
  colourJitter,
  defineCompositeTransform,
  defineTransform,
  detrEvaluation,
  detrTraining,
  either,
  expand,
  fixedSize,
  horizontalFlip,
  joinObjects,
  keepObjects,
  letterbox,
  letterboxed,
  mosaic,
  moveObjects,
  pad,
  randomSizeCrop,
  resize,
  resizeTo,
  verticalFlip,
} from "@detrkit/image";
export type { ImageObjects, RgbImage, Transform, TransformKind, TransformRecipe, TransformStep } from "@detrkit/image";
