// The parts that run without Node's modules: detectors of checkpoints that are fetched, or of a model that you build.
export type { BitmapLike, RgbaImage } from "./browser-images.ts";
export type { DetectorOptions } from "./build-detector.ts";
export { cocoCategories } from "./coco-classes.ts";
export { cocoPanopticCategories } from "./coco-panoptic-classes.ts";
export { descriptionMetadata } from "./description.ts";
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
export type { FamilyDialect, LoadableFamily, UnseenSettings } from "./families.ts";
export type { DownloadProgress, FetchOptions } from "./fetch-bytes.ts";
export { loadDetector } from "./load-detector-in-browser.ts";
export type { DetectorSource, LoadDetectorOptions } from "./load-detector-in-browser.ts";
export type { PanopticPicture, PanopticPictureSegment } from "./panoptic-picture.ts";
