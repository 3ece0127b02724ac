import type { DeepReadonly } from "@detrkit/detr";
import { z } from "zod";
import { timePattern } from "../text.ts";

const count = (least: number): z.ZodNumber => z.number().int().min(least);
const expectedTime = "expected seconds, or a time as 90s or 2m";
const time = z.union([z.number().min(0), z.string().regex(timePattern, expectedTime)], { error: expectedTime });
const fraction = (): z.ZodNumber => z.number().min(0).max(1);

/**
 * The settings of a run that are the same for every detector. Their defaults are DETR's own values (arXiv:2005.12872,
 * A.4). A preset and its detector's definition add the rest. Each entry is a flag, a key of a configuration file and a
 * line of help.
 */
export const runSettings = z.strictObject({
  preset: z.string().describe("Model and recipe to start from"),
  detector: z.string().exactOptional().describe("module:FILE, whose default export defines a detector of your own"),
  init: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      "Start from the weights of a run, .safetensors, .pth, Hugging Face folder, hf:OWNER/NAME or torchvision ResNet",
    ),
  freezeDetector: z
    .boolean()
    .default(false)
    .describe("Train the mask head only, and keep all else as the weights of --init give it; needs --masks"),

  data: z
    .string()
    .min(1)
    .describe("Training images: DIR, or coco:, voc:, yolo: or csv:DIR, module:FILE, shapes:count=N"),
  split: z.string().min(1).default("train").describe("Split of --data to train on"),
  badData: z
    .enum(["drop", "stop"])
    .default("drop")
    .describe("Boxes without area, outside of their image and the like: leave them out, or refuse the data"),
  cacheImages: z
    .boolean()
    .default(false)
    .describe("Keep the bytes of all image files in memory, where reading them is slow"),
  sampling: z.strictObject({
    repeatThreshold: fraction()
      .default(0)
      .describe("Images of classes that fewer than this part of the images have come more often; 0: all once"),
  }),
  validation: z.strictObject({
    data: z.string().default("").describe("Validation images, where they are not in --data"),
    split: z.string().min(1).default("val").describe("Split to validate on"),
    share: z
      .number()
      .min(0)
      .max(0.9)
      .default(0.2)
      .describe("Part of the training images kept for validation where the data has no such split; 0 refuses"),
  }),

  output: z.string().min(1).describe("Run folder; without it a new one, runs/NAME OF THE DATA"),
  seed: count(0).default(42).describe("Decides initial weights, order of images and augmentation"),
  backend: z.enum(["auto", "native", "wasm", "cpu"]).default("auto").describe("Where tensors are computed"),
  saveEvery: time
    .default("2m")
    .describe("Time from one save of the run's state to the next, as 90s or 2m: what a kill costs at most"),

  epochs: count(1).default(300).describe("Passes over the training images"),
  maxMinutes: z
    .number()
    .min(0)
    .default(0)
    .describe("Begin no epoch that would end later than so many minutes after the start; 0: no limit"),
  overfit: count(0)
    .default(0)
    .describe("Train on the first so many images only, unchanged, and validate on these: can it learn at all?; 0 off"),
  overfitGoal: fraction().default(0.9).describe("AP50 that --overfit must reach; else the run fails"),
  earlyStop: z.strictObject({
    patience: count(0).default(0).describe("End the run after so many evaluations without a better AP; 0 never"),
    minDelta: fraction().default(0).describe("By how much AP has to be better to count"),
  }),

  batchSize: z
    .union([count(1), z.literal("auto")], { error: "expected a whole number from 1, or auto" })
    .default(2)
    .describe("Images in a batch; the last one of an epoch may be smaller. auto: as memory allows"),
  accumulate: count(1).default(1).describe("Batches in a step, whose gradients are averaged"),
  learningRate: z.number().positive().default(1e-4).describe("Learning rate"),
  learningRateScaling: z.strictObject({
    rule: z
      .enum(["none", "linear", "square-root"])
      .default("none")
      .describe("How the rate follows the number of images in a step"),
    images: count(1).default(16).describe("Images in a step that the learning rate is meant for"),
  }),
  learningRateFactors: z.strictObject({
    backbone: z.number().min(0).default(0.1).describe("The backbone learns at this times the learning rate"),
  }),
  optimizer: z.strictObject({
    kind: z.enum(["adamw", "sgd"]).default("adamw").describe("What changes the weights"),
    momentum: z.number().min(0).lt(1).default(0.9).describe("How much SGD keeps of the step before"),
    weightDecay: z.number().min(0).default(1e-4).describe("Weight decay, on every parameter"),
    clipNorm: z
      .number()
      .min(0)
      .default(0.1)
      .describe("Largest norm of all gradients together; 0 leaves them as they are"),
  }),
  averageWeights: z.strictObject({
    decay: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("Evaluate and save a moving average of the weights that keeps this much in a step; 0 none"),
    warmupSteps: count(0).default(2000).describe("Steps over which the average slows down to that"),
  }),
  schedule: z.strictObject({
    kind: z.enum(["constant", "step", "cosine"]).default("step").describe("How the learning rate falls"),
    warmupSteps: count(0).default(0).describe("Steps over which the learning rate rises from 0 at the start"),
    dropAt: fraction()
      .default(2 / 3)
      .describe("Part of the run after which the step schedule lowers the learning rate"),
    dropEpochs: z
      .array(count(1))
      .readonly()
      .default([])
      .describe("Epochs after which the step schedule lowers it, once for each, instead of at drop-at"),
    dropFactor: z.number().positive().default(0.1).describe("What the step schedule then multiplies it with"),
  }),

  transforms: z.strictObject({
    kind: z
      .enum(["fixed", "letterbox", "detr"])
      .default("detr")
      .describe(
        "letterbox: images fit into --transforms.size, proportions kept; " +
          "fixed: squeezed to that size; detr: DETR's random resize and crop",
      ),
    size: z
      .string()
      .regex(/^[1-9]\d*x[1-9]\d*$/u, "expected WIDTHxHEIGHT, for example 320x240")
      .default("800x800")
      .describe("WIDTHxHEIGHT of the letterbox and fixed transforms"),
    shortSides: z
      .array(count(1))
      .min(1)
      .readonly()
      .default([480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800])
      .describe("Short sides that DETR's resize draws from"),
    maxSide: count(1).default(1333).describe("Longest side that DETR's resize allows"),
    flips: z
      .enum(["none", "horizontal", "both"])
      .default("horizontal")
      .describe("Random mirror images, each with probability 1/2; both only where up and down mean nothing"),
    mosaic: fraction().default(0).describe("Share of the training images that are put together with three others"),
    closeMosaic: count(0).default(10).describe("Epochs at the end of the run without mosaics"),
    expand: fraction()
      .default(0)
      .describe("Share of the training images that are laid onto one up to 4 times as large"),
    colourJitter: z.strictObject({
      brightness: z.number().min(0).default(0).describe("Training images get up to this part brighter or darker"),
      contrast: z.number().min(0).default(0).describe("The same for contrast"),
      saturation: z.number().min(0).default(0).describe("The same for saturation"),
      hue: z.number().min(0).max(0.5).default(0).describe("Part of the circle of colours by which hues are turned"),
    }),
  }),

  auxiliaryLosses: z.boolean().default(true).describe("Apply the losses to every decoder layer, not to the last only"),
  evaluation: z.strictObject({
    every: count(0).default(1).describe("Epochs between evaluations; 0 evaluates after the last only"),
    stopAtAp50: fraction().default(0).describe("End the run when AP50 on the validation images is above this; 0 never"),
    loss: z.boolean().default(true).describe("Compute the loss on the validation images too"),
    panopticThreshold: fraction()
      .default(0.85)
      .describe("Score above which an object may be a segment of a panoptic picture, where its quality is measured"),
    pictures: count(0).default(8).describe("Validation images drawn with predictions and truth"),
  }),
});

/** The settings of a run that are the same for every detector, but that a definition may add learning rate factors. */
export type RunSettings = DeepReadonly<z.infer<typeof runSettings>> & {
  readonly learningRateFactors: Readonly<Record<string, number>>;
};

/** The backend that was asked for; `auto` takes the fastest one that works. */
export type BackendChoice = RunSettings["backend"];
