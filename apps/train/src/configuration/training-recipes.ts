import type { PresetName } from "@detrkit/detr";
import type { ModelSettings } from "./model-settings.ts";
import type { TrainingConfig } from "./training-config.ts";

/** The part of a preset that is about training; the model's sizes come from the preset of the same name in `@detrkit/detr`. */
export type TrainingRecipe = Omit<TrainingConfig, "preset" | "data" | "split" | "dataVal" | "splitVal" | "output" | keyof ModelSettings>;

/** As DETR's authors trained it (arXiv:2005.12872, A.4): 300 epochs, learning rate 1e-4 and a tenth of it in the backbone. */
const published: TrainingRecipe = {
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
  classWeight: 1,
  boxL1Weight: 5,
  giouWeight: 2,
  noObjectWeight: 0.1,
  auxiliaryLosses: true,
  evaluateEvery: 1,
  stopAtAp50: 0,
  samplePictures: 8,
};

/** From random weights at 320×240 on a few hundred images: everything trained at one rate, lowered for the last fifth. */
const small: TrainingRecipe = {
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
};

/** The recipe of each preset. */
export const trainingRecipes: Readonly<Record<PresetName, TrainingRecipe>> = {
  "detr-small": small,
  "detr-r50": published,
  "detr-r50-dc5": published,
  "detr-r101": published,
  "detr-r101-dc5": published,
};
