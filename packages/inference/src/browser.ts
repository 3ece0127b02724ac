// What runs without Node's modules: a detector of a model that the page builds and fills, for pixels.
export { cocoCategories } from "./coco-classes.ts";
export type { DetectorDescription } from "./description.ts";
export { Detector } from "./detector.ts";
export type { DetectedImage, DetectOptions, DetectorParts, ImageInput } from "./detector.ts";
