import { existsSync, statSync } from "node:fs";
import { openCheckpoint } from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import { createDetector, type DetectionModel } from "@detrkit/detr";
import { descriptionOf } from "../training/detector-description.ts";
import { runFolder } from "../training/run-folder.ts";
import { Detector } from "./detector.ts";

/** The file that a `--checkpoint` means: itself, or the best (else the last) checkpoint of a run folder. */
export function checkpointFile(path: string): string {
  if (!existsSync(path)) throw new CheckpointError(`${path} does not exist; expected a run folder or a .safetensors file`);
  if (!statSync(path).isDirectory()) return path;
  const { bestCheckpoint, lastCheckpoint } = runFolder(path);
  const found = [bestCheckpoint, lastCheckpoint].find((file) => existsSync(file));
  if (found === undefined) throw new CheckpointError(`${path} holds no checkpoint yet; expected checkpoint-best.safetensors or checkpoint-last.safetensors in it`);
  return found;
}

/** Builds the model that a checkpoint describes and gives it the stored weights. */
export async function loadDetector(path: string): Promise<Detector> {
  const file = await openCheckpoint(checkpointFile(path));
  try {
    const description = descriptionOf(file.metadata, path);
    const model: DetectionModel = createDetector(description.detector, { initialize: false });
    await file.loadModel(model).catch((error: unknown) => {
      model.dispose();
      throw error;
    });
    return new Detector({ model, description });
  } finally {
    await file.close();
  }
}
