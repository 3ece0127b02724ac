import type { DeformableDetrSettings, DetrSettings } from "./settings.ts";

/** DETR with ResNet-50 as published (arXiv:2005.12872): 41.5 million parameters with COCO's 91 labels. */
const detrR50: DetrSettings = {
  model: "detr",
  backbone: {
    depth: 50,
    returnStages: [4],
    frozenStages: 2,
    norm: "frozen-batch",
    stem: "7x7pool",
    width: 64,
    dilateLastStage: false,
  },
  positionEncoding: { kind: "sine", normalize: true },
  transformer: {
    dim: 256,
    heads: 8,
    encoderLayers: 6,
    decoderLayers: 6,
    feedForwardDim: 2048,
    dropout: 0.1,
    preNorm: false,
  },
  numClasses: 91,
  numQueries: 100,
};

/** Twice the resolution in the last stage: better on small objects, slower. */
const detrR50Dc5: DetrSettings = { ...detrR50, backbone: { ...detrR50.backbone, dilateLastStage: true } };

const detrR101: DetrSettings = { ...detrR50, backbone: { ...detrR50.backbone, depth: 101 } };

const detrR101Dc5: DetrSettings = { ...detrR50Dc5, backbone: { ...detrR50Dc5.backbone, depth: 101 } };

/**
 * For training from scratch on small images with a small data set: 1.6 million parameters with 3 classes, tokens of 16
 * × 16 pixels.
 */
const detrSmall: DetrSettings = {
  model: "detr",
  backbone: {
    depth: 18,
    returnStages: [3],
    frozenStages: 0,
    norm: "group",
    stem: "7x7pool",
    width: 32,
    dilateLastStage: false,
  },
  positionEncoding: { kind: "sine", normalize: true },
  transformer: {
    dim: 128,
    heads: 4,
    encoderLayers: 2,
    decoderLayers: 3,
    feedForwardDim: 256,
    dropout: 0,
    preNorm: false,
  },
  numClasses: 3,
  numQueries: 60,
};

/**
 * Deformable DETR with ResNet-50 as published (arXiv:2010.04159): four levels, tokens of 8 to 64 pixels, 40 million
 * parameters.
 */
const deformableDetrR50: DeformableDetrSettings = {
  model: "deformable-detr",
  backbone: { ...detrR50.backbone, returnStages: [2, 3, 4] },
  transformer: {
    dim: 256,
    heads: 8,
    encoderLayers: 6,
    decoderLayers: 6,
    feedForwardDim: 1024,
    dropout: 0.1,
    encoderPoints: 4,
    decoderPoints: 4,
  },
  featureLevels: 4,
  boxRefinement: false,
  twoStage: false,
  numClasses: 91,
  numQueries: 300,
};

const deformableDetrR50Refine: DeformableDetrSettings = { ...deformableDetrR50, boxRefinement: true };

const deformableDetrR50TwoStage: DeformableDetrSettings = { ...deformableDetrR50Refine, twoStage: true };

/** Only the backbone's last map. */
const deformableDetrR50SingleScale: DeformableDetrSettings = {
  ...deformableDetrR50,
  backbone: detrR50.backbone,
  featureLevels: 1,
};

const deformableDetrR50SingleScaleDc5: DeformableDetrSettings = {
  ...deformableDetrR50SingleScale,
  backbone: detrR50Dc5.backbone,
};

/**
 * For training from scratch, learns in a fraction of DETR's epochs: 3.8 million parameters with 3 classes, tokens of 8,
 * 16 and 32 pixels.
 */
const deformableDetrSmall: DeformableDetrSettings = {
  model: "deformable-detr",
  backbone: { ...detrSmall.backbone, returnStages: [2, 3, 4] },
  transformer: {
    dim: 128,
    heads: 4,
    encoderLayers: 2,
    decoderLayers: 3,
    feedForwardDim: 256,
    dropout: 0,
    encoderPoints: 4,
    decoderPoints: 4,
  },
  featureLevels: 3,
  boxRefinement: true,
  twoStage: false,
  numClasses: 3,
  numQueries: 60,
};

/** Names of the DETRs that detrkit describes. */
export type DetrPresetName = "detr-r50" | "detr-r50-dc5" | "detr-r101" | "detr-r101-dc5" | "detr-small";

/** Names of the Deformable DETRs that detrkit describes. */
export type DeformableDetrPresetName =
  | "deformable-detr-r50"
  | "deformable-detr-r50-refine"
  | "deformable-detr-r50-two-stage"
  | "deformable-detr-r50-single-scale"
  | "deformable-detr-r50-single-scale-dc5"
  | "deformable-detr-small";

/** Names of all detectors that detrkit describes. */
export type PresetName = DetrPresetName | DeformableDetrPresetName;

/** DETR's presets. */
export const detrPresets: Readonly<Record<DetrPresetName, DetrSettings>> = {
  "detr-small": detrSmall,
  "detr-r50": detrR50,
  "detr-r50-dc5": detrR50Dc5,
  "detr-r101": detrR101,
  "detr-r101-dc5": detrR101Dc5,
};

/** Deformable DETR's presets. */
export const deformableDetrPresets: Readonly<Record<DeformableDetrPresetName, DeformableDetrSettings>> = {
  "deformable-detr-small": deformableDetrSmall,
  "deformable-detr-r50": deformableDetrR50,
  "deformable-detr-r50-refine": deformableDetrR50Refine,
  "deformable-detr-r50-two-stage": deformableDetrR50TwoStage,
  "deformable-detr-r50-single-scale": deformableDetrR50SingleScale,
  "deformable-detr-r50-single-scale-dc5": deformableDetrR50SingleScaleDc5,
};

/** All presets. A variant of one is a spread: `{ ...presets["detr-small"], numQueries: 20 }`. */
export const presets: Readonly<
  Record<DetrPresetName, DetrSettings> & Record<DeformableDetrPresetName, DeformableDetrSettings>
> = { ...deformableDetrPresets, ...detrPresets };
