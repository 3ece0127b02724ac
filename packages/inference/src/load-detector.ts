import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { startBackend } from "@detrkit/backend";
import { isCheckpoint, isPth, openCheckpoint, readPth, readSafetensors } from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import { decodeImage } from "@detrkit/image";
import type { RgbImage } from "@detrkit/image/pixels";
import { getBackend } from "@tensorflow/tfjs-core";
import { detectorOfCheckpoint, detectorOfStateDict, type DetectorOptions } from "./build-detector.ts";
import type { Detector } from "./detector.ts";
import { isHuggingFaceFolder, readHuggingFaceFolder } from "./hugging-face-folder.ts";
import { settingsOf } from "./pth-settings.ts";

/** Settings of {@link loadDetector}: what it can't read from a file. */
export interface LoadDetectorOptions extends DetectorOptions {
  /** Called with each step while the native backend is built, the first time on a machine. */
  readonly onProgress?: (line: string) => void;
}

const decode = (image: string | Uint8Array): Promise<RgbImage> => decodeImage(image);

/**
 * Loads a detector: a run folder of `detrkit train` (its best checkpoint, else its last), a checkpoint, a `.pth` or
 * `.safetensors` state dict of facebookresearch/detr or fundamentalvision/Deformable-DETR, or a folder of Hugging
 * Face's Transformers with either model. If no tfjs backend was set, the fastest available one is started.
 *
 * @throws CheckpointError naming the file if it is missing, damaged or none of these
 */
export async function loadDetector(path: string, options: LoadDetectorOptions = {}): Promise<Detector> {
  const folder = isHuggingFaceFolder(path) ? await readHuggingFaceFolder(path) : undefined;
  const file = folder?.weights ?? checkpointFile(path);
  // tfjs's types claim that there is always one.
  if (!(getBackend() as string | undefined)) await startBackend({ onProgress: options.onProgress });
  if (await isPth(file)) {
    const { stateDict, content } = await readPth(file);
    return await detectorOfStateDict(stateDict, file, { unseen: settingsOf(content), ...folder, ...options }, decode);
  }
  if (folder === undefined && (await isCheckpoint(file))) {
    const checkpoint = await openCheckpoint(file);
    return await detectorOfCheckpoint(checkpoint, file, options, decode).finally(() => checkpoint.close());
  }
  const { tensors } = await readSafetensors(file);
  return await detectorOfStateDict(tensors, file, { ...folder, ...options }, decode);
}

/** The file for a path: the path itself, or the best (else the last) checkpoint of a run folder. */
export function checkpointFile(path: string): string {
  if (!existsSync(path))
    throw new CheckpointError(
      `${path} does not exist; expected a run folder, a .safetensors or .pth file, or a folder of Hugging Face`,
    );
  if (!statSync(path).isDirectory()) return path;
  const names = ["checkpoint-best.safetensors", "checkpoint-last.safetensors"];
  const found = names.map((name) => join(path, name)).find((file) => existsSync(file));
  if (found === undefined)
    throw new CheckpointError(`${path} holds no checkpoint yet; expected ${names.join(" or ")} in it`);
  return found;
}
