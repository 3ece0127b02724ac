import type { DeepReadonly } from "@detrkit/detr";
import { z } from "zod";

const count = (least: number): z.ZodNumber => z.number().int().min(least);
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
  data: z
    .string()
    .min(1)
    .describe("Training images: DIR, or coco:, voc:, yolo: or csv:DIR, module:FILE, shapes:count=N"),
  split: z.string().min(1).default("train").describe("Split of --data to train on"),
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
  output: z.string().min(1).describe("Run folder"),
  seed: count(0).default(42).describe("Decides initial weights, order of images and augmentation"),
  backend: z.enum(["auto", "native", "wasm", "cpu"]).default("auto").describe("Where tensors are computed"),
  badData: z
    .enum(["drop", "stop"])
    .default("drop")
    .describe("What to do with images and boxes that the data checks refuse"),

  epochs: count(1).default(300).describe("Passes over the training images"),
  batchSize: count(1).default(2).describe("Images in a step; the last batch of an epoch may be smaller"),
  learningRate: z.number().positive().default(1e-4).describe("AdamW's learning rate"),
  learningRateFactors: z.strictObject({
    backbone: z.number().min(0).default(0.1).describe("The backbone learns at this times the learning rate"),
  }),
  optimizer: z.strictObject({
    weightDecay: z.number().min(0).default(1e-4).describe("AdamW's weight decay, on every parameter"),
    clipNorm: z
      .number()
      .min(0)
      .default(0.1)
      .describe("Largest norm of all gradients together; 0 leaves them as they are"),
  }),
  schedule: z.strictObject({
    kind: z.enum(["constant", "step", "cosine"]).default("step").describe("How the learning rate falls"),
    warmupSteps: count(0).default(0).describe("Steps over which the learning rate rises from 0 at the start"),
    dropAt: fraction()
      .default(2 / 3)
      .describe("Part of the run after which the step schedule lowers the learning rate"),
    dropFactor: z.number().positive().default(0.1).describe("What the step schedule then multiplies it with"),
  }),

  transforms: z.strictObject({
    kind: z
      .enum(["fixed", "detr"])
      .default("detr")
      .describe("fixed: every image at --transforms.size; detr: DETR's random resize and crop"),
    size: z
      .string()
      .regex(/^[1-9]\d*x[1-9]\d*$/u, "expected WIDTHxHEIGHT, for example 320x240")
      .default("800x800")
      .describe("WIDTHxHEIGHT of the fixed transforms"),
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
      .describe("Random mirror images, each with probability 1/2"),
  }),

  auxiliaryLosses: z.boolean().default(true).describe("Apply the losses to every decoder layer, not to the last only"),
  evaluation: z.strictObject({
    every: count(0).default(1).describe("Epochs between evaluations; 0 evaluates after the last only"),
    stopAtAp50: fraction().default(0).describe("End the run when AP50 on the validation images is above this; 0 never"),
    pictures: count(0).default(8).describe("Validation images drawn with predictions and truth"),
  }),
});

/** The settings of a run that are the same for every detector, but that a definition may add learning rate factors. */
export type RunSettings = DeepReadonly<z.infer<typeof runSettings>> & {
  readonly learningRateFactors: Readonly<Record<string, number>>;
};

/** The backend that was asked for; `auto` takes the fastest one that works. */
export type BackendChoice = RunSettings["backend"];
