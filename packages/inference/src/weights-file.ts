import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { isPth, readPth, readSafetensors, type TensorData } from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import { hubFolder } from "./hub/hub-folder.ts";
import { isHubName } from "./hub/hub-reference.ts";
import type { HuggingFaceConfig } from "./hugging-face-config.ts";
import { isHuggingFaceFolder, readHuggingFaceFolder } from "./hugging-face-folder.ts";
import { settingsOf } from "./pth-settings.ts";
import { decodeSettings } from "./settings-in-header.ts";

/** The files of a model's weights. */
export interface WeightsFile {
  /** One file, or the shards of a large model. */
  readonly paths: readonly [string, ...string[]];
  /** What `config.json` says beside them, in a folder of Hugging Face's Transformers. */
  readonly beside: HuggingFaceConfig | undefined;
}

/**
 * The files that a name of weights means.
 *
 * @param name - a run folder, a file, a folder of Transformers, or `hf:owner/name@revision`
 * @param onProgress - told how far a download is
 * @throws CheckpointError where there are none
 */
export async function weightsFile(name: string, onProgress?: (line: string) => void): Promise<WeightsFile> {
  const path = isHubName(name) ? await hubFolder(name, onProgress) : name;
  if (!isHuggingFaceFolder(path)) return { paths: [checkpointFile(path)], beside: undefined };
  const { weights, ...beside } = await readHuggingFaceFolder(path);
  return { paths: weights, beside };
}

/** The file for a path: the path itself, or the best (else the last) checkpoint of a run folder. */
export function checkpointFile(path: string): string {
  if (!existsSync(path))
    throw new CheckpointError(
      `${path} does not exist; expected a run folder, a .safetensors or .pth file, a folder of Hugging Face, ` +
        "or hf:OWNER/NAME",
    );
  if (!statSync(path).isDirectory()) return path;
  const names = ["checkpoint-best.safetensors", "checkpoint-last.safetensors"];
  const found = names.map((name) => join(path, name)).find((file) => existsSync(file));
  if (found === undefined)
    throw new CheckpointError(`${path} holds no checkpoint yet; expected ${names.join(" or ")} in it`);
  return found;
}

/** Another program's tensors, with what their file or the files beside it say of the model. */
export interface ForeignWeights extends Partial<HuggingFaceConfig> {
  readonly stateDict: ReadonlyMap<string, TensorData>;
}

/** Reads all tensors of a file, or of all shards. @throws CheckpointError where two shards hold the same tensor */
export async function readForeignWeights({ paths, beside }: WeightsFile): Promise<ForeignWeights> {
  const stateDict = new Map<string, TensorData>();
  let inFile: Partial<HuggingFaceConfig> = {};
  for (const path of paths) {
    let tensors: ReadonlyMap<string, TensorData>;
    if (await isPth(path)) {
      const pth = await readPth(path);
      tensors = pth.stateDict;
      inFile = { unseen: settingsOf(pth.content) };
    } else {
      const content = await readSafetensors(path);
      tensors = content.tensors;
      inFile = { ...inFile, ...decodeSettings(content.metadata, path) };
    }
    for (const [key, data] of tensors) {
      if (stateDict.has(key)) throw new CheckpointError(`${path}: holds "${key}", which another shard has too`);
      stateDict.set(key, data);
    }
  }
  return { stateDict, ...inFile, ...beside };
}
