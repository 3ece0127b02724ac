export { cocoCategories } from "./coco-classes.ts";
export { descriptionMetadata, descriptionOf } from "./description.ts";
export type { DetectorDescription } from "./description.ts";
export { Detector } from "./detector.ts";
export type { DetectedImage, DetectOptions, DetectorParts, ImageInput } from "./detector.ts";
export { checkpointFile, loadDetector } from "./load-detector.ts";
export type { LoadDetectorOptions } from "./load-detector.ts";
export { deformableDetrDialect, detrDialect } from "./original-state-dict.ts";
export type { FamilyDialect, LoadableFamily, UnseenSettings } from "./families.ts";
