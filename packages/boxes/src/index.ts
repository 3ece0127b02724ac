export { boxArea } from "./area.ts";
export { clip } from "./clip.ts";
export type { DetectionTarget, TargetMasks } from "./detection-target.ts";
export { cxcywhToXyxy, xyxyToCxcywh } from "./formats.ts";
export type { LayerPrediction, QueryMasks } from "./layer-prediction.ts";
export { generalizedIou, iou, pairwiseGeneralizedIou, pairwiseIou } from "./overlap.ts";
