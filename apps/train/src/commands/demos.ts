import { merged, type SettingsTree } from "../configuration/settings-tree.ts";

/** Settings of a demo, as in a configuration file; what is read of them besides. */
export interface DemoSettings extends SettingsTree {
  readonly preset: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly evaluation: { readonly every: number; readonly stopAtAp50?: number };
  readonly transforms: { readonly size: string };
}

/** One size of a demo: the whole one, or what is left of it where the backend is too slow. */
export interface DemoSize {
  /** Without the number of training images: `data` is put together from both. */
  readonly settings: DemoSettings;
  readonly images: number;
  readonly dataOptions: string;
  /** With fewer, a smaller size shows more. */
  readonly fewestEpochs: number;
  /** At least so many times does a step take as long as one of the next smaller size, on any backend. */
  readonly leastCost: number;
  /** What is to be expected of it where it was shortened. */
  readonly expectation: string;
}

/** What `detrkit demo` trains, and what it says about it. */
export interface Demo {
  /** What `--model` calls it. */
  readonly name: string;
  /** From the smallest to the whole one. */
  readonly smaller: readonly DemoSize[];
  readonly whole: DemoSize;
  /** Said before it starts. */
  readonly introduction: readonly string[];
  /** AP50 of the whole one that counts as learned. */
  readonly goal: number;
  /** What it is measured on. */
  readonly measuredOn: string;
}

/** Of all sizes. */
const common = { evaluation: { pictures: 16 }, backbone: { stem: "3x3pool" } };

/** For images of 128×128: cells of 16×16 pixels at the coarsest, and for Deformable DETR of 8×8 besides. */
const wholeSizes = merged(common, {
  batchSize: 8,
  transforms: { size: "128x128" },
  transformer: { dim: 64, feedForwardDim: 128 },
  backbone: { width: 16 },
});

/** A quarter of the pixels, and half the width of everything. */
const smallSizes = merged(common, {
  batchSize: 8,
  transforms: { size: "64x64" },
  transformer: { dim: 32, heads: 4, feedForwardDim: 64 },
  backbone: { width: 8 },
});

/** The least that has all parts of the model. */
const tinySizes = merged(smallSizes, {
  batchSize: 4,
  transforms: { size: "32x32" },
  transformer: { heads: 2, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 32 },
  backbone: { width: 4 },
});

/**
 * Of Deformable DETR. Kept until the last fifth, the rate ends at an AP50 of 0.92; falling along a cosine from the
 * start, 14 epochs ended at 0.88.
 */
const deformable = {
  preset: "deformable-detr-small",
  learningRate: 1e-3,
  schedule: { kind: "step" },
  transforms: { flips: "both" },
  backbone: { returnStages: [2, 3] },
  featureLevels: 2,
};

const byHeart = {
  preset: "detr-small",
  validation: { split: "train" },
  learningRate: 5e-4,
  schedule: { warmupSteps: 20 },
  transforms: { flips: "none" },
};

/** Settings over settings, the last ones of one size of a demo. */
function settings(
  sizes: SettingsTree,
  recipe: SettingsTree,
  own: { readonly epochs: number; readonly evaluation: DemoSettings["evaluation"] } & SettingsTree,
): DemoSettings {
  return merged(sizes, recipe, own) as unknown as DemoSettings;
}

const showsThatItWorks = "It shows that everything works, and learns nothing worth looking at.";

const wholeValidation = 100;

/** The demos, the default first. */
export const demos: readonly Demo[] = [
  {
    name: "deformable-detr",
    whole: {
      settings: settings(wholeSizes, deformable, {
        epochs: 15,
        evaluation: { every: 5 },
        schedule: { warmupSteps: 50 },
        numQueries: 40,
      }),
      // With the cosine, 600 of them seen 16 times gave 0.76.
      images: 1200,
      dataOptions: `validation=${wholeValidation},smallest=16,largest=60,classes=3`,
      fewestEpochs: 4,
      leastCost: 4,
      expectation: "It stops before it has learned all that it could.",
    },
    smaller: [
      {
        settings: settings(tinySizes, deformable, {
          epochs: 30,
          evaluation: { every: 10 },
          schedule: { warmupSteps: 10 },
          numQueries: 4,
        }),
        images: 40,
        dataOptions: "validation=8,size=32,smallest=10,largest=20,objects=1,classes=1",
        fewestEpochs: 1,
        leastCost: 1,
        expectation: showsThatItWorks,
      },
      {
        settings: settings(smallSizes, deformable, {
          epochs: 60,
          evaluation: { every: 20 },
          schedule: { warmupSteps: 20 },
          numQueries: 12,
        }),
        images: 400,
        dataOptions: "validation=40,size=64,smallest=16,largest=40,objects=3,classes=3",
        fewestEpochs: 4,
        leastCost: 1.5,
        expectation: "Expect rough boxes, some of the wrong class (AP50 was 0.5 after 60 epochs, 0.2 after 10).",
      },
    ],
    introduction: [
      "detrkit demo: a small Deformable DETR learns to find shapes in generated",
      "images, from random weights. It is measured, and its pictures are drawn, on",
      "images that it has not seen.",
    ],
    goal: 0.85,
    measuredOn: `${wholeValidation} images it has not seen`,
  },
  {
    name: "detr",
    whole: {
      // Stops a little above the goal, since the pictures get better still.
      settings: settings(wholeSizes, byHeart, {
        epochs: 450,
        evaluation: { every: 20, stopAtAp50: 0.95 },
        numQueries: 20,
      }),
      images: 16,
      dataOptions: "",
      fewestEpochs: 200,
      leastCost: 4,
      expectation: "It may stop before it knows them by heart.",
    },
    smaller: [
      {
        settings: settings(tinySizes, byHeart, { epochs: 100, evaluation: { every: 50 }, numQueries: 4 }),
        images: 4,
        dataOptions: "size=32,smallest=10,largest=20,objects=1,classes=1",
        fewestEpochs: 1,
        leastCost: 1,
        expectation: showsThatItWorks,
      },
      {
        settings: settings(smallSizes, byHeart, {
          epochs: 450,
          evaluation: { every: 50, stopAtAp50: 0.95 },
          numQueries: 8,
        }),
        images: 8,
        dataOptions: "size=64,smallest=16,largest=40,objects=2,classes=3",
        fewestEpochs: 150,
        leastCost: 1.5,
        expectation: "It may stop before it knows them by heart.",
      },
    ],
    introduction: [
      "detrkit demo: a small DETR learns generated images by heart.",
      "From scratch, DETR learns slowly: on hundreds of images it takes hours before",
      "it finds anything. A few it can memorise in minutes. The figures at the end",
      "are on the same images: they say nothing about images it has not seen.",
    ],
    goal: 0.9,
    measuredOn: "the training images",
  },
];

/** The generated images of a demo. */
export function demoData({ dataOptions }: Pick<DemoSize, "dataOptions">, images: number): string {
  return `shapes:count=${images}${dataOptions === "" ? "" : `,${dataOptions}`}`;
}

/** The images of a size in words: `40 images of 32×32`. */
export function imagesText({ images, settings: { transforms } }: DemoSize): string {
  return `${images.toLocaleString("en")} images of ${transforms.size.replace("x", "×")}`;
}

/** What a size comes to: `30 epochs of 40 images of 32×32`. */
export function sizeText(size: DemoSize, epochs: number): string {
  return `${epochs} ${epochs === 1 ? "epoch" : "epochs"} of ${imagesText(size)}`;
}
