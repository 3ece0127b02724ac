export type { BoxArray } from "./numbers/box-array.ts";
export { clip } from "./numbers/clip.ts";
export { cxcywhToXyxy, xyxyToCxcywh } from "./numbers/formats.ts";
export {
  boxArea,
  generalizedIou,
  generalizedIouOfPair,
  iou,
  iouOfPair,
  pairwiseGeneralizedIou,
  pairwiseIou,
} from "./numbers/overlap.ts";
export type { DetectionTarget, TargetMasks } from "./detection-target.ts";
