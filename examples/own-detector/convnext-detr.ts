// Deformable DETR on ConvNeXt (Liu and others, arXiv:2201.03545) instead of ResNet: another backbone by the open seam.
//
// detrkit train --detector module:examples/own-detector/convnext-detr.ts --data shapes:count=600 --output runs/convnext
import { ConvNeXt } from "@detrkit/backbone";
import { deformableDetrFamily, deformableDetrSettings, presets } from "@detrkit/detr";
import { defineDetector, focalCriterion, focalLosses } from "@detrkit/training";
import { z } from "zod";

const four = (): z.ZodReadonly<z.ZodArray<z.ZodNumber>> => z.array(z.number().int().min(1)).length(4).readonly();

/** A ConvNeXt as flags; the other settings are those of Deformable DETR. */
const settings = deformableDetrSettings.omit({ twoStage: true }).extend({
  backbone: z.strictObject({
    blocks: four().describe("Blocks of each stage"),
    channels: four().describe("Channels of each stage"),
    returnStages: z
      .array(z.number().int().min(1).max(4))
      .min(1)
      .readonly()
      .describe("Stages whose maps the transformer sees: 2 has cells of 8x8 pixels, 3 of 16x16, 4 of 32x32"),
    frozenStages: z.number().int().min(0).max(5).describe("How many of stem and 4 stages are not trained"),
    stochasticDepth: z.number().min(0).lt(1).describe("Share of the images that leave the last block out in training"),
    layerScale: z.number().min(0).describe("What the scale of a block's result begins at"),
  }),
});

/** What a preset of Deformable DETR says of all but the backbone. */
const restOf = (name: "deformable-detr-small" | "deformable-detr-r50") => {
  const { transformer, featureLevels, boxRefinement, numQueries } = presets[name];
  return { transformer, featureLevels, boxRefinement, numQueries };
};
const small = restOf("deformable-detr-small");

/** For generated shapes of 16 to 60 pixels in images of 128 × 128, from random weights. */
const shapes = {
  ...small,
  backbone: {
    blocks: [1, 1, 2, 1],
    channels: [24, 48, 96, 192],
    returnStages: [2, 3],
    frozenStages: 0,
    stochasticDepth: 0,
    // At 1e-6 blocks do nothing for the first thousands of steps, which is for long trainings.
    layerScale: 1,
  },
  transformer: { ...small.transformer, dim: 64, feedForwardDim: 128 },
  featureLevels: 2,
  numQueries: 40,
  epochs: 15,
  batchSize: 8,
  learningRate: 1e-3,
  learningRateFactors: { backbone: 1 },
  schedule: { warmupSteps: 50, dropAt: 0.8 },
  transforms: { kind: "letterbox", size: "128x128", flips: "both" },
  evaluation: { every: 5 },
} as const;

/** ConvNeXt-T with the rest of Deformable DETR-R50, for the weights of torchvision. */
const tiny = {
  ...restOf("deformable-detr-r50"),
  backbone: {
    blocks: [3, 3, 9, 3],
    channels: [96, 192, 384, 768],
    returnStages: [2, 3, 4],
    frozenStages: 0,
    stochasticDepth: 0.1,
    layerScale: 1e-6,
  },
  epochs: 50,
  learningRate: 2e-4,
} as const;

// A definition is a file's default export, as a configuration file's is.
// oxlint-disable-next-line import/no-default-export
export default defineDetector({
  name: "convnext-deformable-detr",
  title: "Deformable DETR on ConvNeXt",
  settings,
  losses: focalLosses,
  create({ backbone, ...own }, { random }) {
    const given = new ConvNeXt({ ...backbone, random: random.fork("backbone") });
    // The ResNet that these settings describe is not built, since a backbone is given.
    const unused = presets["deformable-detr-small"].backbone;
    const config = { ...own, model: "deformable-detr", twoStage: false, backbone: unused } as const;
    return deformableDetrFamily.create(config, { random, parts: { backbone: given } });
  },
  criterion: focalCriterion,
  presets: { "convnext-shapes": shapes, "convnext-tiny": tiny },
});
