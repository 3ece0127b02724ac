export type { CocoBox, CocoRunLength, CocoSegmentation } from "./coco-segmentation.ts";
export { compressCounts, decompressCounts } from "./compressed-counts.ts";
export { maskArea, maskBoundingBox, maskIntersection } from "./mask-geometry.ts";
export { mergeMasks } from "./merge-masks.ts";
export { polygonsToMask, polygonToMask } from "./polygon-mask.ts";
export { decodeMask, encodeMask, runLengthMask } from "./run-length-mask.ts";
export type { RunLengthMask } from "./run-length-mask.ts";
export { coloursOfSegmentIds, segmentIdsOfColours } from "./segment-ids.ts";
export { maskToSegmentation, segmentationToMask } from "./segmentation-mask.ts";
