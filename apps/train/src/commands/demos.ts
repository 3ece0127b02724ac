import type { ModelName } from "../configuration/model-settings.ts";
import type { PartialTrainingConfig } from "../configuration/training-config.ts";

/** What `detrkit demo` trains, and what it says about it. */
export interface Demo {
  /** Without the number of training images: `data` is put together from both. */
  readonly settings: PartialTrainingConfig & { readonly epochs: number };
  readonly images: number;
  readonly dataOptions: string;
  /** Said before it starts. */
  readonly introduction: readonly string[];
  /** AP50 that counts as learned. */
  readonly goal: number;
  /** What it is measured on. */
  readonly measuredOn: string;
}

/** Both are small, for images of 128×128: cells of 16×16 pixels at the coarsest, and for Deformable DETR of 8×8 besides. */
const smallSizes = {
  batchSize: 8,
  imageSize: "128x128",
  samplePictures: 16,
  hiddenDim: 64,
  feedForwardDim: 128,
  backboneWidth: 16,
  backboneStem: "3x3pool",
} satisfies PartialTrainingConfig;

const validationImages = 100;

/** The demo of each model. */
export const demos: Readonly<Record<ModelName, Demo>> = {
  "deformable-detr": {
    settings: {
      ...smallSizes,
      preset: "deformable-detr-small",
      epochs: 15,
      evaluateEvery: 5,
      // Kept until the last fifth, it ends at an AP50 of 0.92; falling along a cosine from the start, 14 epochs ended at 0.88.
      learningRate: 1e-3,
      schedule: "step",
      warmupSteps: 50,
      flips: "both",
      backboneStages: [2, 3],
      featureLevels: 2,
      numQueries: 40,
    },
    // With the cosine, 600 of them seen 16 times gave 0.76.
    images: 1200,
    dataOptions: `validation=${validationImages},smallest=16,largest=60,classes=3`,
    introduction: [
      "detrkit demo: a small Deformable DETR learns to find shapes in generated images, from random weights.",
      `It is measured, and its pictures are drawn, on ${validationImages} images that it has not seen.`,
    ],
    goal: 0.85,
    measuredOn: `${validationImages} images it has not seen`,
  },
  detr: {
    settings: {
      ...smallSizes,
      preset: "detr-small",
      splitVal: "train",
      epochs: 450,
      evaluateEvery: 20,
      // A little above the goal, since the pictures get better still.
      stopAtAp50: 0.95,
      learningRate: 5e-4,
      warmupSteps: 20,
      flips: "none",
      numQueries: 20,
    },
    images: 16,
    dataOptions: "",
    introduction: [
      "detrkit demo: a small DETR learns generated images by heart.",
      "From scratch, DETR learns slowly: on hundreds of images it takes hours before it finds anything. A few it can memorise in",
      "minutes. The figures at the end are on the same images, so they say nothing about images the model has not seen.",
    ],
    goal: 0.9,
    measuredOn: "the training images",
  },
};

/** The generated images of a demo. */
export function demoData({ dataOptions }: Pick<Demo, "dataOptions">, images: number): string {
  return `shapes:count=${images}${dataOptions === "" ? "" : `,${dataOptions}`}`;
}
