export type { BitmapLike, RgbaImage } from "./browser-images.ts";
export type { DetectorOptions } from "./build-detector.ts";
export { cocoCategories } from "./coco-classes.ts";
export { cocoPanopticCategories } from "./coco-panoptic-classes.ts";
export { withMasks } from "./choose-detections.ts";
export { convertDetector, weightFormats } from "./convert/convert-detector.ts";
export type { ConvertedDetector, ConvertOptions, WeightFormat } from "./convert/convert-detector.ts";
export type { FamilyWriter } from "./convert/family-writer.ts";
export { descriptionMetadata, descriptionOf } from "./description.ts";
export type { DetectorDescription } from "./description.ts";
export { Detector } from "./detector.ts";
export type {
  BatchOptions,
  DetectedImage,
  DetectOptions,
  DetectorParts,
  ImageInput,
  PanopticOptions,
} from "./detector.ts";
export type { AttendedImage, ExplainOptions, Explanation, ImagePoint, SampledPoint } from "./explain/explanation.ts";
export { initialise, settingDifferences } from "./initialise.ts";
export type { InitialisedRows, InitialReport, InitialiseOptions, SettingDifference } from "./initialise.ts";
export { loadDetector } from "./load-detector.ts";
export type { LoadDetectorOptions } from "./load-detector.ts";
export { deformableDetrDialect, detrDialect } from "./original-state-dict.ts";
export type { FamilyDialect, LoadableFamily, UnseenSettings } from "./families.ts";
export { readWeights } from "./weights.ts";
export type { ReadWeightsOptions, Weights } from "./weights.ts";
export { checkpointFile, weightsFile } from "./weights-file.ts";
export type { WeightsFile } from "./weights-file.ts";
export { panopticPictures } from "./panoptic-picture.ts";
export type { PanopticPicture, PanopticPictureSegment, SegmentChoice } from "./panoptic-picture.ts";
