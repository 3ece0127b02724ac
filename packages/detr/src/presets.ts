import type { DetectorConfig } from "./detector-config.ts";

/** DETR with ResNet-50 as published (arXiv:2005.12872): 41.5 million parameters with COCO's 91 labels. */
const detrR50: DetectorConfig = {
  model: "detr",
  backbone: { depth: 50, returnStages: [4], frozenStages: 2, norm: "frozen-batch", stem: "7x7pool", width: 64, dilateLastStage: false },
  positionEncoding: { kind: "sine", normalize: true },
  transformer: { dim: 256, heads: 8, encoderLayers: 6, decoderLayers: 6, feedForwardDim: 2048, dropout: 0.1, preNorm: false },
  numClasses: 91,
  numQueries: 100,
};

/** Twice the resolution in the last stage: better on small objects, slower. */
const detrR50Dc5: DetectorConfig = { ...detrR50, backbone: { ...detrR50.backbone, dilateLastStage: true } };

const detrR101: DetectorConfig = { ...detrR50, backbone: { ...detrR50.backbone, depth: 101 } };

const detrR101Dc5: DetectorConfig = { ...detrR50Dc5, backbone: { ...detrR50Dc5.backbone, depth: 101 } };

/** For training from scratch on small images with a small data set: 1.6 million parameters with 3 classes, tokens of 16 × 16 pixels. */
const detrSmall: DetectorConfig = {
  model: "detr",
  backbone: { depth: 18, returnStages: [3], frozenStages: 0, norm: "group", stem: "7x7pool", width: 32, dilateLastStage: false },
  positionEncoding: { kind: "sine", normalize: true },
  transformer: { dim: 128, heads: 4, encoderLayers: 2, decoderLayers: 3, feedForwardDim: 256, dropout: 0, preNorm: false },
  numClasses: 3,
  numQueries: 60,
};

export type PresetName = "detr-r50" | "detr-r50-dc5" | "detr-r101" | "detr-r101-dc5" | "detr-small";

/** The detectors that go by a name. A variant of one is a spread: `{ ...presets["detr-small"], numQueries: 20 }`. */
export const presets: Readonly<Record<PresetName, DetectorConfig>> = {
  "detr-r50": detrR50,
  "detr-r50-dc5": detrR50Dc5,
  "detr-r101": detrR101,
  "detr-r101-dc5": detrR101Dc5,
  "detr-small": detrSmall,
};
