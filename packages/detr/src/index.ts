export { createDetector } from "./create-detector.ts";
export type { CreateDetectorOptions, OwnParts } from "./create-detector.ts";
export { DeformableDetr } from "./deformable/deformable-detr.ts";
export type {
  DeformableDetrConfig,
  DeformableDetrDetails,
  DeformableTransformer,
} from "./deformable/deformable-parts.ts";
export { encoderReferencePoints } from "./deformable/encoder-reference-points.ts";
export type { LevelLayout, LevelTokens } from "./deformable/level-tokens.ts";
export type { EncoderProposals } from "./deformable/starting-queries.ts";
export { tokenPadding } from "./deformable/token-padding.ts";
export { validRatios } from "./deformable/valid-ratios.ts";
export type { DetectionModel } from "./detection-model.ts";
export type {
  BackboneSettings,
  CommonTransformerSettings,
  DeformableDetrSettings,
  DeformableTransformerSettings,
  DetectorConfig,
  DetrSettings,
  PositionEncodingSettings,
  TransformerSettings,
} from "./detector-config.ts";
export type { DetrLayerOutput, DetrOutput, StackedOutput } from "./detr-output.ts";
export type { DetrCallOptions, DetrConfig, DetrFeatures, DetrTransformer } from "./detr-parts.ts";
export { Detr } from "./detr.ts";
export type { Category, Detection, ImageDetections } from "./image-detections.ts";
export { listDetections } from "./list-detections.ts";
export type { ListDetectionsOptions } from "./list-detections.ts";
export { postProcess, postProcessTopK } from "./post-process.ts";
export { presets } from "./presets.ts";
export type { DeformableDetrPresetName, DetrPresetName, PresetName } from "./presets.ts";
