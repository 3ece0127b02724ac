import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "@detrkit/common/files";
import { UsageError } from "../cli/usage-error.ts";
import type { TrainingConfig } from "../configuration/training-config.ts";

/** Where a run keeps what. */
export interface RunFolder {
  readonly root: string;
  readonly config: string;
  readonly log: string;
  readonly metrics: string;
  readonly lastCheckpoint: string;
  readonly bestCheckpoint: string;
  readonly predictions: string;
  readonly report: string;
}

/** The files of a run folder. */
export function runFolder(root: string): RunFolder {
  return {
    root,
    config: join(root, "config.json"),
    log: join(root, "log.jsonl"),
    metrics: join(root, "metrics.json"),
    lastCheckpoint: join(root, "checkpoint-last.safetensors"),
    bestCheckpoint: join(root, "checkpoint-best.safetensors"),
    predictions: join(root, "predictions"),
    report: join(root, "report.html"),
  };
}

/** What to do with a run that is already in the output folder. */
export type ExistingRun = "refuse" | "resume" | "overwrite";

/**
 * Makes the output folder ready for a new run.
 *
 * @throws UsageError when it holds a run, or other people's files, and `existing` does not allow to replace it
 */
export async function startRunFolder(root: string, existing: ExistingRun): Promise<RunFolder> {
  const folder = runFolder(root);
  if (existsSync(folder.config)) {
    if (existing === "refuse") {
      throw new UsageError(`${root} already holds a run: continue it with --resume, replace it with --overwrite, or choose another --output`);
    }
    const files = [folder.config, folder.log, folder.metrics, folder.lastCheckpoint, folder.bestCheckpoint, folder.predictions, folder.report];
    await Promise.all(files.map((file) => rm(file, { recursive: true, force: true })));
  } else if (existsSync(root) && readdirSync(root).length > 0) {
    throw new UsageError(`${root} is not empty and holds no run: choose another --output`);
  }
  await mkdir(root, { recursive: true });
  return folder;
}

/** Stores the resolved settings of a run. */
export async function writeRunConfig(folder: RunFolder, config: TrainingConfig): Promise<void> {
  await writeFileAtomic(folder.config, `${JSON.stringify(config, null, 2)}\n`);
}

/** The settings that a run was started with, or `undefined` where there is no run. */
export async function readRunConfig(folder: RunFolder): Promise<unknown> {
  if (!existsSync(folder.config)) return undefined;
  return JSON.parse(await readFile(folder.config, "utf8"));
}
