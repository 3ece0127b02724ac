import {
  deformableDetrFamily,
  deformablePanopticThreshold,
  type DeformableDetrPresetName,
  type DeformableDetrSettings,
  detrFamily,
  type DetrOutput,
  type DetrPresetName,
  type DetrSettings,
} from "@detrkit/detr";
import { deformableDetrDialect, detrDialect } from "@detrkit/inference";
import type { DetectorDefinition } from "../define-detector.ts";
import {
  focalCriterion,
  type FocalLosses,
  focalLosses,
  softmaxCriterion,
  type SoftmaxLosses,
  softmaxLosses,
} from "./set-losses.ts";

/**
 * From random weights within 320×240 on a few hundred photographs: everything trained at one rate, lowered for the last
 * fifth. Masks of this size are small enough for losses at all pixels.
 */
const small = {
  epochs: 150,
  batchSize: 4,
  learningRate: 2e-4,
  learningRateScaling: { images: 4 },
  learningRateFactors: { backbone: 1 },
  schedule: { dropAt: 0.8 },
  transforms: { kind: "letterbox", size: "320x240" },
  evaluation: { every: 5 },
  losses: { maskPoints: 0 },
};

/** As Deformable DETR's authors trained it: a sixth of DETR's epochs, at twice its rate. */
const publishedDeformable = {
  epochs: 50,
  learningRate: 2e-4,
  learningRateScaling: { images: 32 },
  schedule: { dropAt: 0.8 },
  evaluation: { panopticThreshold: deformablePanopticThreshold },
};

/** DETR (arXiv:2005.12872). What its recipes do not say is a default of training, which is DETR's own. */
export const detr: DetectorDefinition<DetrSettings, Partial<SoftmaxLosses>, DetrOutput> = {
  ...detrFamily,
  dialects: [detrDialect],
  losses: softmaxLosses,
  criterion: softmaxCriterion,
  rateGroups: [],
  recipes: {
    "detr-small": small,
    "detr-r50": {},
    "detr-r50-dc5": {},
    "detr-r101": {},
    "detr-r101-dc5": {},
  } satisfies Record<DetrPresetName, object>,
};

/** Deformable DETR (arXiv:2010.04159). */
export const deformableDetr: DetectorDefinition<DeformableDetrSettings, Partial<FocalLosses>, DetrOutput> = {
  ...deformableDetrFamily,
  dialects: [deformableDetrDialect],
  losses: focalLosses,
  criterion: focalCriterion,
  rateGroups: [
    {
      name: "sampling",
      description: "Where attention looks (sampling offsets, reference points) learns at this times the learning rate",
      factor: 0.1,
      // With two stages the proposals are the reference points, and no parameter makes them.
      match: ({ twoStage }) => ["**.samplingOffsets.*", ...(twoStage ? [] : ["queries.referencePoints.*"])],
    },
  ],
  recipes: {
    "deformable-detr-small": {
      ...small,
      epochs: 50,
      evaluation: { ...small.evaluation, panopticThreshold: deformablePanopticThreshold },
    },
    "deformable-detr-r50": publishedDeformable,
    "deformable-detr-r50-refine": publishedDeformable,
    "deformable-detr-r50-two-stage": publishedDeformable,
    "deformable-detr-r50-single-scale": publishedDeformable,
    "deformable-detr-r50-single-scale-dc5": publishedDeformable,
  } satisfies Record<DeformableDetrPresetName, object>,
};
