import * as z from "zod";

/** A model as the server lists it. */
export const modelSchema = z
  .object({
    name: z.string(),
    ready: z.boolean().meta({ description: "Loaded and warm." }),
    version: z.string().optional().meta({ description: "Of the weights; changes when they are reloaded." }),
    engine: z.string().optional().meta({ description: "What computes, in one line." }),
    precision: z.string().optional().meta({ description: "In which numbers it computes." }),
    classes: z
      .array(
        z.object({
          id: z.int(),
          name: z.string(),
          isThing: z.boolean().optional().meta({ description: "False of stuff: sky, grass. Default: true." }),
        }),
      )
      .optional()
      .meta({ description: "By label, with their ids in the data that the model was trained on." }),
    detector: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: "The model's settings, as its checkpoint has them." }),
    transforms: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: "How images are prepared for it, as its checkpoint has them." }),
    weights: z
      .object({ url: z.string(), bytes: z.int().min(0) })
      .nullable()
      .optional()
      .meta({
        description:
          "The address of a .safetensors file that loadDetector of @detrkit/inference/browser takes; null where the " +
          "model has none (a .pth, several shards).",
      }),
  })
  .meta({ id: "Model" });

/** The answer of `GET /v1/models`: all models, the default one first. */
export const modelsAnswer = z.object({ models: z.array(modelSchema) }).meta({ id: "Models" });

/** The path of what belongs to one model. */
export const modelPath = z.object({ name: z.string().min(1).max(200) });

/** The path of a model's file. */
export const filePath = modelPath.extend({
  file: z.enum(["model.safetensors", "config.json", "preprocessor_config.json"]),
});

/** The answer of a reload. */
export const reloadAnswer = z.object({ name: z.string(), version: z.string() }).meta({ id: "Reloaded" });
