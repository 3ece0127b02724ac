import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "@detrkit/common";
import { type HuggingFaceConfig, huggingFaceConfig, jsonObject } from "./hugging-face-config.ts";

/** The content of a folder of Hugging Face's Transformers, apart from the weights. */
export interface HuggingFaceFolder extends HuggingFaceConfig {
  /** The file of the weights, or its shards. */
  readonly weights: readonly [string, ...string[]];
}

/** Whether a folder was written by `save_pretrained`, or downloaded from a hub. */
export function isHuggingFaceFolder(folder: string): boolean {
  return existsSync(join(folder, "config.json")) && weightNames.some((name) => existsSync(join(folder, name)));
}

/** The files that hold weights, or list those that do. */
export const weightNames = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
] as const;

/**
 * Reads `config.json` and, where there is one, `preprocessor_config.json`. @throws CheckpointError if it is another
 * model
 */
export async function readHuggingFaceFolder(folder: string): Promise<HuggingFaceFolder> {
  const config = join(folder, "config.json");
  const preprocessor = join(folder, "preprocessor_config.json");
  const found = weightNames.map((name) => join(folder, name)).find((file) => existsSync(file)) ?? "";
  const weights: HuggingFaceFolder["weights"] = found.endsWith(".index.json")
    ? mapped(shardsOf(jsonObject(await read(found), found), found), (shard) => join(folder, shard))
    : [found];
  const beside = existsSync(preprocessor) ? jsonObject(await read(preprocessor), preprocessor) : {};
  return { weights, ...huggingFaceConfig(jsonObject(await read(config), config), beside, config) };
}

/**
 * The files that an index lists, each once.
 *
 * @param source - of the index, for errors
 * @throws CheckpointError where it lists none, or one outside of its folder
 */
export function shardsOf(index: Readonly<Record<string, unknown>>, source: string): readonly [string, ...string[]] {
  const places = index["weight_map"];
  const [first, ...rest] = new Set(typeof places === "object" && places !== null ? Object.values(places) : []);
  const checked = (name: unknown): string => {
    if (typeof name === "string" && /^[\w-][\w.-]*$/u.test(name)) return name;
    throw new CheckpointError(
      `${source}: expected names of files beside it in weight_map, got ${JSON.stringify(name)}`,
    );
  };
  if (first === undefined) throw new CheckpointError(`${source}: expected a weight_map that names files, got none`);
  return mapped([first, ...rest], checked);
}

function mapped<From, To>([first, ...rest]: readonly [From, ...From[]], of: (value: From) => To): [To, ...To[]] {
  return [of(first), ...rest.map(of)];
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new CheckpointError(`${file}: can't be read (${(cause as Error).message})`, { cause });
  }
}
