// The parts that run without Node's modules: a detector for pixels, with a model that the page builds and loads weights
// into.
export { cocoCategories } from "./coco-classes.ts";
export type { DetectorDescription } from "./description.ts";
export { Detector } from "./detector.ts";
export type { DetectedImage, DetectOptions, DetectorParts, ImageInput } from "./detector.ts";
