import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "@detrkit/common";
import { imagenetNormalisation, type TransformRecipe } from "@detrkit/image/pixels";
import type { UnseenSettings } from "./families.ts";

/** The content of a folder of Hugging Face's Transformers, apart from the weights. */
export interface HuggingFaceFolder {
  /** The file of the weights. */
  readonly weights: string;
  readonly unseen: UnseenSettings;
  /** Names by label. */
  readonly classes: readonly string[];
  readonly transforms: TransformRecipe;
}

type Json = Readonly<Record<string, unknown>>;

/** Whether a folder was written by `save_pretrained`, or downloaded from a hub. */
export function isHuggingFaceFolder(folder: string): boolean {
  return existsSync(join(folder, "config.json")) && weightNames.some((name) => existsSync(join(folder, name)));
}

const weightNames = ["model.safetensors", "pytorch_model.bin"] as const;

/**
 * Reads `config.json` and, where there is one, `preprocessor_config.json`. @throws CheckpointError if it is another
 * model
 */
export async function readHuggingFaceFolder(folder: string): Promise<HuggingFaceFolder> {
  const config = await readJson(join(folder, "config.json"));
  const { model_type: type, id2label: names } = config;
  if (type !== "detr" && type !== "deformable_detr") {
    throw new CheckpointError(
      `${join(folder, "config.json")}: model_type expected "detr" or "deformable_detr", got ${JSON.stringify(type)}`,
    );
  }
  const preprocessor = join(folder, "preprocessor_config.json");
  const weights = weightNames.map((name) => join(folder, name)).find((file) => existsSync(file)) ?? "";
  const whole = (value: unknown): number | undefined =>
    typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
  return {
    weights,
    unseen: {
      heads: whole(config["encoder_attention_heads"]),
      numQueries: whole(config["two_stage"] === true ? config["two_stage_num_proposals"] : config["num_queries"]),
      dilateLastStage: config["dilation"] === true,
    },
    classes: labelsOf(names as Json | undefined),
    transforms: transformsOf(existsSync(preprocessor) ? await readJson(preprocessor) : {}),
  };
}

/** `{ "0": "N/A", "1": "person" }` as a list. */
function labelsOf(names: Json | undefined): readonly string[] {
  return Object.entries(names ?? {})
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => String(name));
}

function transformsOf({ size, image_mean: mean, image_std: std }: Json): TransformRecipe {
  const { shortest_edge: shortest, longest_edge: longest } = (
    typeof size === "object" && size !== null ? size : {}
  ) as Json;
  const shortSide = typeof shortest === "number" ? shortest : 800;
  const maxSide = typeof longest === "number" ? longest : 1333;
  const triple = (values: unknown, fallback: readonly [number, number, number]): readonly [number, number, number] =>
    Array.isArray(values) && values.length === 3 ? (values as [number, number, number]) : fallback;
  return {
    steps: [{ kind: "resize", shortSides: [shortSide], maxSide }],
    normalisation: { mean: triple(mean, imagenetNormalisation.mean), std: triple(std, imagenetNormalisation.std) },
  };
}

async function readJson(file: string): Promise<Json> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof value === "object" && value !== null) return value as Json;
  } catch (cause) {
    throw new CheckpointError(`${file}: is not JSON, or can't be read (${(cause as Error).message})`, { cause });
  }
  throw new CheckpointError(`${file}: expected an object of settings`);
}
