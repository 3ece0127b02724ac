// What works on pixels in memory, without Node: for browsers, behind a bundler.
export { imagenetNormalisation, normalisationTable, normaliseInto } from "./normalise.ts";
export type { Normalisation } from "./normalise.ts";
export { crop, flipHorizontally, flipVertically, padRightBottom, paste, resizeNearest } from "./raster.ts";
export type { ImageSize } from "@detrkit/common";
export type { BinaryMask, PixelRegion, RgbImage } from "./raster.ts";
export { resizeBilinear, resizedSize } from "./resize-bilinear.ts";
export {
  builtInTransforms,
  centreCrop,
  either,
  horizontalFlip,
  pad,
  randomSizeCrop,
  verticalFlip,
} from "./transforms/built-in.ts";
export type {
  EitherSettings,
  FlipSettings,
  PadSettings,
  RandomSizeCropSettings,
  TransformData,
  TransformStep,
} from "./transforms/built-in.ts";
export { colourJitter } from "./transforms/colour-jitter.ts";
export type { ColourJitterSettings } from "./transforms/colour-jitter.ts";
export { adjustColours } from "./transforms/colours.ts";
export type { ColourAdjustment } from "./transforms/colours.ts";
export { expand } from "./transforms/expand.ts";
export type { ExpandSettings } from "./transforms/expand.ts";
export { mosaic } from "./transforms/mosaic.ts";
export type { MosaicSettings } from "./transforms/mosaic.ts";
export { clipObjects, joinObjects, keepObjects, moveObjects } from "./transforms/objects.ts";
export type { BoxEdges, ImageObjects, ObjectMove } from "./transforms/objects.ts";
export { defineCompositeTransform, defineTransform, isBuiltIn, readSteps } from "./transforms/own-transforms.ts";
export { operationsFromData, operationsToData } from "./transforms/other-threads.ts";
export type { OperationData } from "./transforms/other-threads.ts";
export type { ReadStepsOptions } from "./transforms/own-transforms.ts";
export { applyOperations, planTransforms, transformObjects } from "./transforms/plan.ts";
export type { ImageOperation, OtherImage, OtherImages, PixelOperation, TransformPlan } from "./transforms/plan.ts";
export { letterbox, resize, resizeTo } from "./transforms/resizes.ts";
export type { ResizeSettings } from "./transforms/resizes.ts";
export { detrEvaluation, detrRecipe, detrTraining, fixedSize, letterboxed } from "./transforms/recipe.ts";
export type { DetrRecipeOptions, RecipeOptions, TransformRecipe } from "./transforms/recipe.ts";
export type {
  AnyTransformDefinition,
  AnyTransformKind,
  CompositeDefinition,
  Draws,
  ImagePlan,
  Transform,
  TransformDefinition,
  TransformKind,
} from "./transforms/transform.ts";
