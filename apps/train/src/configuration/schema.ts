import { z } from "zod";
import { presetNames, settingsOfOneModel } from "./model-settings.ts";
import type { PartialTrainingConfig, TrainingConfig } from "./training-config.ts";

const count = (minimum: number): z.ZodNumber => z.number().int().min(minimum);
const positive = (): z.ZodNumber => z.number().positive();
const fraction = (): z.ZodNumber => z.number().min(0).max(1);

const backboneNorms = ["frozen-batch", "batch", "group"] as const;

/** One rule and one line of help for each setting, in the order in which `--help` and `config.json` show them. */
const fields = {
  preset: z.string().describe(`Model and recipe to start from: ${presetNames.join(", ")}`),
  data: z.string().min(1).describe("Training images: coco:DIR, voc:DIR, yolo:DIR, module:FILE or shapes:count=N"),
  split: z.string().min(1).describe("Split of --data to train on"),
  dataVal: z.string().describe("Validation images, where they are not in --data"),
  splitVal: z.string().min(1).describe("Split to validate on"),
  output: z.string().min(1).describe("Run folder"),
  seed: count(0).describe("Decides initial weights, order of images and augmentation"),
  backend: z.enum(["auto", "native", "wasm", "cpu"]).describe("Where tensors are computed"),
  badData: z.enum(["drop", "stop"]).describe("What to do with images and boxes that the data checks refuse"),

  epochs: count(1).describe("Passes over the training images"),
  batchSize: count(1).describe("Images in a step; the last batch of an epoch may be smaller"),
  learningRate: positive().describe("AdamW's learning rate"),
  samplingLearningRateFactor: z
    .number()
    .min(0)
    .describe("Deformable DETR: its sampling offsets and reference points learn at this times the learning rate"),
  backboneLearningRateFactor: z.number().min(0).describe("The backbone learns at this times the learning rate"),
  weightDecay: z.number().min(0).describe("AdamW's weight decay, on every parameter"),
  clipNorm: z.number().min(0).describe("Largest norm of all gradients together; 0 leaves them as they are"),
  schedule: z.enum(["constant", "step", "cosine"]).describe("How the learning rate falls"),
  warmupSteps: count(0).describe("Steps over which the learning rate rises from 0 at the start"),
  dropAt: fraction().describe("Part of the run after which the step schedule lowers the learning rate"),
  dropFactor: positive().describe("What the step schedule then multiplies it with"),

  transforms: z
    .enum(["fixed", "detr"])
    .describe("fixed: every image at --image-size; detr: DETR's random resize and crop"),
  imageSize: z
    .string()
    .regex(/^[1-9]\d*x[1-9]\d*$/, "expected WIDTHxHEIGHT, for example 320x240")
    .describe("WIDTHxHEIGHT of the fixed transforms"),
  shortSides: z.array(count(1)).min(1).describe("Short sides that DETR's resize draws from"),
  maxSide: count(1).describe("Longest side that DETR's resize allows"),
  flips: z.enum(["none", "horizontal", "both"]).describe("Random mirror images, each with probability 1/2"),

  numQueries: count(1).describe(
    "Object queries: predictions for each image; with Deformable DETR one may stand for several classes",
  ),
  hiddenDim: count(2).describe("Width of the transformer"),
  heads: count(1).describe("Attention heads"),
  encoderLayers: count(0).describe("Encoder layers"),
  decoderLayers: count(1).describe("Decoder layers"),
  feedForwardDim: count(1).describe("Hidden width of the feed-forward blocks"),
  dropout: z.number().min(0).lt(1).describe("Dropout rate in the transformer"),
  preNorm: z.boolean().describe("DETR: normalise before each block instead of after it"),
  positionsNormalized: z.boolean().describe("DETR: scale position encodings to one period over the image"),
  backboneWidth: count(1).describe("Channels of the first backbone stage, doubled in each later one"),
  backboneStage: z
    .number()
    .int()
    .min(1)
    .max(4)
    .describe("DETR: backbone stage that the transformer sees: 3 has cells of 16x16 pixels, 4 of 32x32"),
  backboneStages: z
    .array(z.number().int().min(1).max(4))
    .min(1)
    .describe(
      "Deformable DETR: backbone stages that the transformer sees: 2 has cells of 8x8 pixels, 3 of 16x16, 4 of 32x32",
    ),
  backboneStem: z.enum(["7x7pool", "3x3pool"]).describe("First layers of the backbone; 3x3pool for small images"),
  backboneNorm: z.enum(backboneNorms).describe("Backbone's norms; frozen-batch needs trained weights"),
  backboneFrozenStages: count(0).max(5).describe("How many of the backbone's stem and 4 stages are not trained"),
  featureLevels: count(1).describe(
    "Deformable DETR: maps that the transformer sees; those beyond the backbone's are each half as large as the one before",
  ),
  points: count(1).describe("Deformable DETR: points that each attention head samples in each map"),
  boxRefinement: z.boolean().describe("Deformable DETR: each decoder layer corrects the boxes of the one before"),
  twoStage: z
    .boolean()
    .describe("Deformable DETR: queries start from the encoder's best proposals; needs box refinement"),

  classWeight: z.number().min(0).describe("Weight of the class loss and of its matching cost"),
  boxL1Weight: z.number().min(0).describe("Weight of the L1 box loss and of its matching cost"),
  giouWeight: z.number().min(0).describe("Weight of the generalised IoU loss and of its matching cost"),
  noObjectWeight: positive().describe("DETR: weight of the no-object class in the class loss"),
  focalAlpha: fraction().describe(
    "Deformable DETR: weight of the class that is there in the focal loss and its matching cost",
  ),
  auxiliaryLosses: z.boolean().describe("Apply the losses to every decoder layer, not to the last only"),

  evaluateEvery: count(0).describe("Epochs between evaluations; 0 evaluates after the last only"),
  stopAtAp50: fraction().describe("End the run when AP50 on the validation images is above this; 0 never"),
  samplePictures: count(0).describe("Validation images drawn with predictions and truth"),
} satisfies { readonly [Key in keyof Required<TrainingConfig>]: z.ZodType<TrainingConfig[Key]> };

const ofOneModel: readonly string[] = Object.values(settingsOfOneModel).flat();
const wholeSchema = z.strictObject(
  Object.fromEntries(
    Object.entries<z.ZodType>(fields).map(([key, field]) => [key, ofOneModel.includes(key) ? field.optional() : field]),
  ),
) as unknown as z.ZodType<TrainingConfig>;
const fileSchema = z.strictObject({ $schema: z.string().optional(), ...fields }).partial();

/** What kind of value a setting takes on the command line. */
export type SettingKind = "number" | "numbers" | "boolean" | "text";

/** A setting as the command line shows it. */
export interface Setting {
  readonly key: keyof TrainingConfig;
  readonly kind: SettingKind;
  readonly choices: readonly string[];
  readonly description: string;
}

/** All settings, in the order of the help page. */
export function settings(): readonly Setting[] {
  return (Object.keys(fields) as (keyof TrainingConfig)[]).map((key) => {
    const field: z.ZodType = fields[key];
    const kind =
      field instanceof z.ZodNumber
        ? "number"
        : field instanceof z.ZodBoolean
          ? "boolean"
          : field instanceof z.ZodArray
            ? "numbers"
            : "text";
    const choices = field instanceof z.ZodEnum ? field.options.map(String) : [];
    return { key, kind, choices, description: field.description ?? "" };
  });
}

/** The outcome of checking settings: the settings, or what is wrong with each. */
export type Checked<Value> = { readonly value: Value } | { readonly problems: readonly SettingProblem[] };

/** One thing wrong with one setting. */
export interface SettingProblem {
  readonly key: string;
  readonly unknown: boolean;
  readonly message: string;
}

function problemsOf(error: z.ZodError): SettingProblem[] {
  return error.issues.flatMap((issue): SettingProblem[] =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ key, unknown: true, message: `unknown setting "${key}"` }))
      : [{ key: issue.path.map(String).join("."), unknown: false, message: issue.message }],
  );
}

/** Checks what a config file or the flags give: any settings may be missing, none may be unknown. */
export function checkSettings(given: unknown): Checked<PartialTrainingConfig> {
  const result = fileSchema.safeParse(given);
  if (!result.success) return { problems: problemsOf(result.error) };
  const { $schema: _, ...value } = result.data;
  return { value: value as PartialTrainingConfig };
}

/** Checks a complete set of settings. */
export function checkConfig(given: unknown): Checked<TrainingConfig> {
  const result = wholeSchema.safeParse(given);
  return result.success ? { value: result.data } : { problems: problemsOf(result.error) };
}

/** The JSON Schema of a config file, as published in `schema/training-config.json`. */
export function configJsonSchema(): Record<string, unknown> {
  return {
    title: "detrkit training configuration",
    ...z.toJSONSchema(fileSchema, { target: "draft-2020-12", io: "input" }),
  };
}
