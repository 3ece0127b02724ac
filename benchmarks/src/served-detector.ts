import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBackend } from "@detrkit/backend";
import { saveCheckpoint } from "@detrkit/checkpoint";
import { createDetector, type DetectorConfig } from "@detrkit/detr";
import type { TransformRecipe } from "@detrkit/image";
import { convertDetector, descriptionMetadata } from "@detrkit/inference";
import { parameterCounts } from "./ours/parameter-counts.ts";

/** The files of a detector, for both servers. */
export interface ServedDetector {
  /** detrkit's checkpoint. */
  readonly checkpoint: string;
  /** The same weights as Transformers loads them, with the settings of its image processor. */
  readonly huggingFace: string;
  readonly parameters: number;
}

/** Writes a detector with random weights into `folder` for both servers, unless it is there. */
export async function servedDetector(
  folder: string,
  detector: DetectorConfig,
  transforms: TransformRecipe,
): Promise<ServedDetector> {
  if (!existsSync(folder)) {
    const unfinished = `${folder}-${process.pid}`;
    await mkdir(unfinished, { recursive: true });
    try {
      await write(filesIn(unfinished), detector, transforms);
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  const { facts, ...files } = filesIn(folder);
  return { ...files, ...(JSON.parse(await readFile(facts, "utf8")) as { readonly parameters: number }) };
}

function filesIn(folder: string) {
  return {
    checkpoint: join(folder, "detector.safetensors"),
    huggingFace: join(folder, "hugging-face"),
    facts: join(folder, "facts.json"),
  };
}

async function write(
  { checkpoint, huggingFace, facts }: ReturnType<typeof filesIn>,
  detector: DetectorConfig,
  transforms: TransformRecipe,
): Promise<void> {
  await startBackend();
  const model = createDetector(detector, { seed: 1 });
  const { parameters } = parameterCounts(model);
  const categories = Array.from({ length: detector.numClasses }, (_, id) => ({ id, name: `kind ${id}` }));
  await saveCheckpoint(checkpoint, { model, metadata: descriptionMetadata({ detector, categories, transforms }) });
  model.dispose();
  await convertDetector(checkpoint, { to: "hugging-face", output: huggingFace });
  await writeFile(facts, JSON.stringify({ parameters }));
}
