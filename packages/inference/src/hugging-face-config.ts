import { CheckpointError } from "@detrkit/common";
import {
  imagenetNormalisation,
  letterbox,
  resize,
  resizeTo,
  type TransformRecipe,
  type TransformStep,
} from "@detrkit/image/pixels";
import type { UnseenSettings } from "./families.ts";

/** What Hugging Face's Transformers says beside the weights. */
export interface HuggingFaceConfig {
  readonly unseen: UnseenSettings;
  /** Names by label. */
  readonly classes: readonly string[];
  /** The labels of stuff, as a list, where the file tells them. */
  readonly stuff?: unknown;
  readonly transforms: TransformRecipe;
}

/** Where the labels of stuff are in `config.json`: what Transformers' panoptic post-processing calls them. */
export const stuffKey = "label_ids_to_fuse";

/** A JSON object. */
type Json = Readonly<Record<string, unknown>>;

/**
 * Reads `config.json` and, where there is one, `preprocessor_config.json`.
 *
 * @param source - of `config.json`, for errors
 * @throws CheckpointError where it is another model
 */
export function huggingFaceConfig(config: Json, preprocessor: Json, source: string): HuggingFaceConfig {
  const { model_type: type, id2label: names } = config;
  if (type !== "detr" && type !== "deformable_detr") {
    throw new CheckpointError(
      `${source}: model_type expected "detr" or "deformable_detr", got ${JSON.stringify(type)}`,
    );
  }
  return {
    unseen: {
      heads: wholeNumber(config["encoder_attention_heads"]),
      numQueries: wholeNumber(config["two_stage"] === true ? config["two_stage_num_proposals"] : config["num_queries"]),
      dilateLastStage: config["dilation"] === true,
    },
    classes: labelsOf(names as Json | undefined),
    stuff: config[stuffKey],
    transforms: transformsOf(preprocessor),
  };
}

/** A whole number from 1, or nothing. */
export function wholeNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}

/** @throws CheckpointError where a text is no JSON object */
export function jsonObject(text: string, source: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${source}: is not JSON (${(cause as Error).message})`, { cause });
  }
  if (typeof value === "object" && value !== null) return value as Json;
  throw new CheckpointError(`${source}: expected an object of settings`);
}

/** `{ "0": "N/A", "1": "person" }` as a list. */
function labelsOf(names: Json | undefined): readonly string[] {
  return Object.entries(names ?? {})
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => String(name));
}

/** The resize of a preprocessor: to a size, into one with proportions kept, or to a short side. */
function resizeOf(size: Json): TransformStep {
  const { shortest_edge: shortest, longest_edge: longest, max_height: maxHeight, max_width: maxWidth } = size;
  const { height, width } = size;
  if (typeof height === "number" && typeof width === "number") return resizeTo({ width, height });
  if (typeof maxHeight === "number" && typeof maxWidth === "number")
    return letterbox({ width: maxWidth, height: maxHeight });
  const shortSide = typeof shortest === "number" ? shortest : 800;
  return resize({ shortSides: [shortSide], maxSide: typeof longest === "number" ? longest : 1333 });
}

function transformsOf({ size, image_mean: mean, image_std: std }: Json): TransformRecipe {
  const triple = (values: unknown, fallback: readonly [number, number, number]): readonly [number, number, number] =>
    Array.isArray(values) && values.length === 3 ? (values as [number, number, number]) : fallback;
  return {
    steps: [resizeOf((typeof size === "object" && size !== null ? size : {}) as Json)],
    normalisation: { mean: triple(mean, imagenetNormalisation.mean), std: triple(std, imagenetNormalisation.std) },
  };
}
