import { startBackend } from "@detrkit/backend";
import { isCheckpoint, isPth, openCheckpoint } from "@detrkit/checkpoint";
import { decodeImage } from "@detrkit/image";
import type { RgbImage } from "@detrkit/image/pixels";
import { getBackend } from "@tensorflow/tfjs-core";
import { detectorOfCheckpoint, detectorOfStateDict, type DetectorOptions } from "./build-detector.ts";
import type { Detector } from "./detector.ts";
import { readForeignWeights, weightsFile } from "./weights-file.ts";

/** Settings of {@link loadDetector}: what it can't read from a file. */
export interface LoadDetectorOptions extends DetectorOptions {
  /** Told each step while the native backend is built, the first time on a machine, and how far a download is. */
  readonly onProgress?: (line: string) => void;
}

const decode = (image: string | Uint8Array): Promise<RgbImage> => decodeImage(image);

/**
 * Loads a detector: a run folder of `detrkit train` (its best checkpoint, else its last), a checkpoint, a `.pth` or
 * `.safetensors` state dict of facebookresearch/detr or fundamentalvision/Deformable-DETR, a folder of Hugging
 * Face's Transformers with either model, or `hf:owner/name@revision`, which is downloaded once. If no tfjs backend was
 * set, the fastest available one is started.
 *
 * @throws CheckpointError naming the file if it is missing, damaged or none of these
 */
export async function loadDetector(path: string, options: LoadDetectorOptions = {}): Promise<Detector> {
  const file = await weightsFile(path, options.onProgress);
  const [first] = file.paths;
  // tfjs's types claim that there is always one.
  if (!(getBackend() as string | undefined)) await startBackend({ onProgress: options.onProgress });
  if (file.beside === undefined && !(await isPth(first)) && (await isCheckpoint(first))) {
    const checkpoint = await openCheckpoint(first);
    return await detectorOfCheckpoint(checkpoint, first, options, decode).finally(() => checkpoint.close());
  }
  const { stateDict, ...beside } = await readForeignWeights(file);
  return await detectorOfStateDict(stateDict, first, { ...beside, ...options }, decode);
}
