export { decodeImage, readImageHeader } from "./decode.ts";
export type { DecodeOptions, ImageHeader, ImageSource } from "./decode.ts";
export { encodePng, shrinkToWebp } from "./encode.ts";
export type { WebpOptions } from "./encode.ts";
export {
  applyOperations,
  crop,
  detrEvaluation,
  detrTraining,
  fixedSize,
  flipHorizontally,
  flipVertically,
  imagenetNormalisation,
  normalisationTable,
  normaliseInto,
  padRightBottom,
  planTransforms,
  resizeBilinear,
  resizedSize,
  resizeNearest,
  sizeAfter,
} from "./pixels.ts";
export type {
  BinaryMask,
  Draws,
  ImageOperation,
  ImageSize,
  Normalisation,
  PixelRegion,
  RgbImage,
  TransformPlan,
  TransformRecipe,
  TransformStep,
} from "./pixels.ts";
