import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "@detrkit/common";
import { type HuggingFaceConfig, huggingFaceConfig, jsonObject } from "./hugging-face-config.ts";

/** The content of a folder of Hugging Face's Transformers, apart from the weights. */
export interface HuggingFaceFolder extends HuggingFaceConfig {
  /** The file of the weights. */
  readonly weights: string;
}

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
  const config = join(folder, "config.json");
  const preprocessor = join(folder, "preprocessor_config.json");
  const weights = weightNames.map((name) => join(folder, name)).find((file) => existsSync(file)) ?? "";
  const beside = existsSync(preprocessor) ? jsonObject(await read(preprocessor), preprocessor) : {};
  return { weights, ...huggingFaceConfig(jsonObject(await read(config), config), beside, config) };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new CheckpointError(`${file}: can't be read (${(cause as Error).message})`, { cause });
  }
}
