export { createDetector } from "./create-detector.ts";
export type { CreateDetectorOptions } from "./create-detector.ts";
export type { OwnParts } from "./create-parts.ts";
export { boxOffset, clippedInverseSigmoid, sineOfCoordinates } from "./deformable/coordinates.ts";
export type {
  DeformableDetrParts,
  DeformableDetrDetails,
  DeformableTransformer,
} from "./deformable/deformable-config.ts";
export { DeformableDetr, deformablePanopticThreshold } from "./deformable/deformable-detr.ts";
export { BoxRefinement, createBoxHeads, createClassHeads, predictWithSharedHeads } from "./deformable/heads.ts";
export type { BoxRefinementConfig, HeadsConfig, SharedHeadsInputs } from "./deformable/heads.ts";
export {
  eachToken,
  encoderReferencePoints,
  LevelScale,
  tokenCount,
  tokenPaddingMask,
  validRatios,
} from "./deformable/level-geometry.ts";
export type { LevelLayout, TokenPlace } from "./deformable/level-geometry.ts";
export {
  createProjections,
  InputProjection,
  joinLevels,
  positionWithLevel,
  projectLevels,
} from "./deformable/levels.ts";
export type { InputProjectionConfig, LevelTokens, ProjectionsConfig } from "./deformable/levels.ts";
export { gridProposals, LearnedQueries, ProposalQueries } from "./deformable/queries.ts";
export type {
  EncoderProposals,
  GridProposals,
  ProposalInputs,
  QueriesConfig,
  StartingQueries,
} from "./deformable/queries.ts";
export { outputOfLayers } from "./detection-model.ts";
export type { LayerPrediction } from "@detrkit/boxes";
export type { DetectionModel, DetrCallOptions, DetrOutput, StackedOutput } from "./detection-model.ts";
export { listDetections } from "./detections.ts";
export type { Detection } from "@detrkit/common";
export type { Category, ImageDetections, ListDetectionsOptions } from "./detections.ts";
export { checkSettings, randomFor } from "./detector-family.ts";
export type {
  BuildOptions,
  ClassHead,
  DetectorFamily,
  DetectorSettings,
  InitialWeights,
  SettingProblem,
} from "./detector-family.ts";
export { Detr } from "./detr.ts";
export type { DetrParts, DetrFeatures, DetrTransformer } from "./detr.ts";
export { deformableDetrFamily, detectorFamilies, detrFamily } from "./families.ts";
export { postProcess, postProcessTopK } from "./post-process.ts";
export { presets } from "./presets.ts";
export type { DeformableDetrPresetName, DetrPresetName, PresetName } from "./presets.ts";
export {
  backboneSettings,
  commonTransformerSettings,
  deformableDetrSettings,
  deformableTransformerSettings,
  detrSettings,
  maskHeadSettings,
  positionEncodingSettings,
  transformerSettings,
} from "./settings.ts";
export type {
  BackboneSettings,
  CommonTransformerSettings,
  DeepReadonly,
  DeformableDetrSettings,
  DeformableTransformerSettings,
  DetectorConfig,
  DetrSettings,
  MaskHeadSettings,
  PositionEncodingSettings,
  TransformerSettings,
} from "./settings.ts";
