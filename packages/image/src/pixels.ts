// What works on pixels in memory, without Node: for browsers, behind a bundler.
export { crop, padRightBottom } from "./crop.ts";
export { flipHorizontally, flipVertically } from "./flip.ts";
export type { ImageSize } from "./image-size.ts";
export { imagenetNormalisation, normalisationTable, normaliseInto } from "./normalise.ts";
export type { Normalisation } from "./normalise.ts";
export { resizeBilinear } from "./resize-bilinear.ts";
export { resizeNearest } from "./resize-nearest.ts";
export type { BinaryMask, PixelRegion, RgbImage } from "./rgb-image.ts";
export { applyOperations } from "./transforms/apply.ts";
export { planTransforms, sizeAfter } from "./transforms/plan.ts";
export type { Draws, ImageOperation, TransformPlan } from "./transforms/plan.ts";
export { resizedSize } from "./transforms/resize-rule.ts";
export { detrEvaluation, detrTraining, fixedSize } from "./transforms/steps.ts";
export type { TransformRecipe, TransformStep } from "./transforms/steps.ts";
