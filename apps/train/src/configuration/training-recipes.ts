import type { PresetName } from "@detrkit/detr";
import type { ModelSettingName } from "./model-settings.ts";
import type { TrainingConfig } from "./training-config.ts";

/**
 * The part of a preset that is about training; the model's sizes come from the preset of the same name in
 * `@detrkit/detr`.
 */
export type TrainingRecipe = Omit<
  TrainingConfig,
  "preset" | "data" | "split" | "dataVal" | "splitVal" | "output" | ModelSettingName
>;

/**
 * What all recipes have in common, and DETR's authors trained with (arXiv:2005.12872, A.4): 300 epochs, learning rate
 * 1e-4 and a tenth of it in the backbone.
 */
const published = {
  seed: 42,
  backend: "auto",
  badData: "drop",
  epochs: 300,
  batchSize: 2,
  learningRate: 1e-4,
  backboneLearningRateFactor: 0.1,
  weightDecay: 1e-4,
  clipNorm: 0.1,
  schedule: "step",
  warmupSteps: 0,
  dropAt: 2 / 3,
  dropFactor: 0.1,
  transforms: "detr",
  imageSize: "800x800",
  shortSides: [480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800],
  maxSide: 1333,
  flips: "horizontal",
  boxL1Weight: 5,
  giouWeight: 2,
  auxiliaryLosses: true,
  evaluateEvery: 1,
  stopAtAp50: 0,
  samplePictures: 8,
} satisfies Partial<TrainingRecipe>;

/**
 * From random weights at 320×240 on a few hundred images: everything trained at one rate, lowered for the last fifth.
 */
const small = {
  ...published,
  epochs: 150,
  batchSize: 4,
  learningRate: 2e-4,
  backboneLearningRateFactor: 1,
  dropAt: 0.8,
  transforms: "fixed",
  imageSize: "320x240",
  flips: "both",
  evaluateEvery: 5,
} satisfies Partial<TrainingRecipe>;

/** One class or none for each query. */
const softmax = { classWeight: 1, noObjectWeight: 0.1 };

/** A decision for each class and query. What decides where attention looks learns at a tenth of the rate. */
const focal = { classWeight: 2, focalAlpha: 0.25, samplingLearningRateFactor: 0.1 };

const publishedDetr: TrainingRecipe = { ...published, ...softmax };

const smallDetr: TrainingRecipe = { ...small, ...softmax };

/** As Deformable DETR's authors trained it (arXiv:2010.04159): a sixth of DETR's epochs, at twice its rate. */
const publishedDeformable: TrainingRecipe = { ...published, ...focal, epochs: 50, learningRate: 2e-4, dropAt: 0.8 };

const smallDeformable: TrainingRecipe = { ...small, ...focal, epochs: 50 };

/** The recipe of each preset. */
export const trainingRecipes: Readonly<Record<PresetName, TrainingRecipe>> = {
  "deformable-detr-small": smallDeformable,
  "deformable-detr-r50": publishedDeformable,
  "deformable-detr-r50-refine": publishedDeformable,
  "deformable-detr-r50-two-stage": publishedDeformable,
  "deformable-detr-r50-single-scale": publishedDeformable,
  "deformable-detr-r50-single-scale-dc5": publishedDeformable,
  "detr-small": smallDetr,
  "detr-r50": publishedDetr,
  "detr-r50-dc5": publishedDetr,
  "detr-r101": publishedDetr,
  "detr-r101-dc5": publishedDetr,
};
