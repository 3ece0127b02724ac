import * as z from "zod";

// One schema says what a detector's settings are: types, the app's flags, help and JSON Schema follow from it. Every
// entry has a description, which is its line of help.

const count = (least = 1): z.ZodNumber => z.number().int().min(least);

/** Settings of a ResNet, with every choice spelled out. */
export const backboneSettings = z.strictObject({
  depth: z.literal([18, 34, 50, 101]).describe("Layers of the ResNet"),
  returnStages: z
    .array(count().max(4))
    .min(1)
    .readonly()
    .describe("Stages whose maps the transformer sees: 2 has cells of 8x8 pixels, 3 of 16x16, 4 of 32x32"),
  frozenStages: count(0).max(5).describe("How many of stem and 4 stages are not trained, counted from the image"),
  norm: z.enum(["frozen-batch", "batch", "group"]).describe("Norms; frozen-batch needs trained weights"),
  stem: z.enum(["7x7pool", "3x3pool"]).describe("First layers; 3x3pool for small images"),
  width: count().describe("Channels of the 3x3 convolutions of the first stage, doubled in each later one"),
  dilateLastStage: z.boolean().describe("Keep the resolution of the last stage (DC5): finer cells, slower"),
  blocks: z.array(count()).readonly().exactOptional().describe("Residual blocks of each stage, instead of the depth's"),
});
/** A ResNet as plain data. */
export type BackboneSettings = Readonly<z.infer<typeof backboneSettings>>;

/** Settings of a position encoding: sines and cosines, or learned rows and columns (of at most 50 cells). */
export const positionEncodingSettings = z.strictObject({
  kind: z.enum(["sine", "learned"]).describe("Sines and cosines, or learned rows and columns of at most 50 cells"),
  normalize: z
    .boolean()
    .exactOptional()
    .describe("Whether sines are of positions relative to the image's size, as published"),
});
/** A position encoding as plain data. */
export type PositionEncodingSettings = Readonly<z.infer<typeof positionEncodingSettings>>;

/** What the transformers of all detectors have. */
export const commonTransformerSettings = z.strictObject({
  dim: count(2).describe("Width of tokens and queries"),
  heads: count().describe("Attention heads, a divisor of the width"),
  encoderLayers: count(0).describe("Encoder layers"),
  decoderLayers: count().describe("Decoder layers"),
  feedForwardDim: count().describe("Hidden width of the feed-forward parts"),
  dropout: z.number().min(0).lt(1).describe("Dropout rate"),
});
/** The sizes of any transformer as plain data. */
export type CommonTransformerSettings = Readonly<z.infer<typeof commonTransformerSettings>>;

/** Settings of DETR's transformer. */
export const transformerSettings = commonTransformerSettings.extend({
  preNorm: z.boolean().describe("Normalise the input of each part instead of its output"),
});
/** DETR's transformer as plain data. */
export type TransformerSettings = Readonly<z.infer<typeof transformerSettings>>;

/** Settings of Deformable DETR's transformer. */
export const deformableTransformerSettings = commonTransformerSettings.extend({
  encoderPoints: count().describe("Points that each head of an encoder layer samples in each level"),
  decoderPoints: count().describe("Points that each head of a decoder layer samples in each level"),
});
/** Deformable DETR's transformer as plain data. */
export type DeformableTransformerSettings = Readonly<z.infer<typeof deformableTransformerSettings>>;

const numQueries = count().describe("Object queries: predictions for each image");

/** Settings of a mask head. */
export const maskHeadSettings = z.strictObject({
  contextDim: count().describe("Channels of the mask head, halved at each step; published: the transformer's width"),
  heads: count().exactOptional().describe("Heads of the mask head's attention map; left out: 8, as published"),
});
/** A mask head as plain data. */
export type MaskHeadSettings = Readonly<z.infer<typeof maskHeadSettings>>;

const masks = maskHeadSettings
  .exactOptional()
  .describe("A mask head: objects get masks beside their boxes. Left out: boxes only");

/** The choices of a DETR: all settings but `model` and `numClasses`. */
export const detrSettings = z.strictObject({
  numQueries,
  backbone: backboneSettings,
  positionEncoding: positionEncodingSettings,
  transformer: transformerSettings,
  masks,
});

/** A DETR as plain data. */
export type DetrSettings = DeepReadonly<z.infer<typeof detrSettings>> & {
  readonly model: "detr";
  readonly numClasses: number;
};

/** The choices of a Deformable DETR: all settings but `model` and `numClasses`. */
export const deformableDetrSettings = z.strictObject({
  numQueries,
  backbone: backboneSettings,
  transformer: deformableTransformerSettings,
  positionEncoding: z
    .strictObject({ kind: positionEncodingSettings.shape.kind.exactOptional() })
    .exactOptional()
    .describe("Left out: sines and cosines"),
  featureLevels: count().describe(
    "Maps that the transformer sees; those beyond the backbone's are each half as large as the one before",
  ),
  boxRefinement: z.boolean().describe("Each decoder layer corrects the boxes of the one before"),
  twoStage: z.boolean().describe("Queries start from the encoder's best proposals; needs box refinement"),
  masks,
});

/** A Deformable DETR as plain data. */
export type DeformableDetrSettings = DeepReadonly<z.infer<typeof deformableDetrSettings>> & {
  readonly model: "deformable-detr";
  readonly numClasses: number;
};

/** A whole detector as plain data: what a checkpoint stores to build the same model again. */
export type DetectorConfig = DetrSettings | DeformableDetrSettings;

/** Plain data that nobody changes. */
export type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
