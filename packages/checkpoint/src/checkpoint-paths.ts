import type { Module } from "@detrkit/nn";
import { CheckpointFile, trainingKey, trainingPrefix, type TrainingState } from "./checkpoint-file.ts";
import { type CheckpointMetadata, encodeMetadata, hasMetadata } from "./checkpoint-metadata.ts";
import { withChecksums } from "./checksums.ts";
import { readParameters } from "./module-tensors.ts";
import { openSafetensors } from "./safetensors-reader.ts";
import { writeSafetensors } from "./safetensors-writer.ts";

/** What goes into a checkpoint. */
export interface CheckpointContent {
  readonly model: Module;
  readonly metadata: CheckpointMetadata;
  /** Left out of a checkpoint that is only for inference. */
  readonly training?: TrainingState;
}

/**
 * Writes a checkpoint as one safetensors file, whole or not at all. Its header has a SHA-256 of each tensor and of all
 * else that it says; they are compared when it is read.
 */
export async function saveCheckpoint(path: string, { model, metadata, training }: CheckpointContent): Promise<void> {
  const tensors = new Map(await readParameters(model));
  for (const [name, data] of training?.tensors ?? []) tensors.set(`${trainingPrefix}${name}`, data);
  const strings = {
    ...encodeMetadata(metadata),
    ...(training === undefined ? {} : { [trainingKey]: JSON.stringify(training.values) }),
  };
  await writeSafetensors(path, tensors, await withChecksums(tensors, strings));
}

/** Whether a safetensors file is a checkpoint that {@link saveCheckpoint} wrote, not somebody else's tensors. */
export async function isCheckpoint(path: string): Promise<boolean> {
  const file = await openSafetensors(path);
  try {
    return hasMetadata(file.metadata);
  } finally {
    await file.close();
  }
}

/** Opens a checkpoint that {@link saveCheckpoint} wrote; the caller closes it. */
export async function openCheckpoint(path: string): Promise<CheckpointFile> {
  const file = await openSafetensors(path);
  try {
    return new CheckpointFile(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}
