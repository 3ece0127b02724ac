import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isLeftover, makeFolder, writeFileAtomic } from "@detrkit/common/files";
import { lockName, runFiles, type RunFiles } from "@detrkit/training/run-files";
import type { SettingsTree } from "../configuration/settings-tree.ts";
import { readJson } from "../read-file.ts";
import { UsageError } from "../usage-error.ts";

/** Where a run keeps what: the files of its training, its settings, and what people look at. */
export interface RunFolder extends RunFiles {
  readonly config: string;
  /** What became of the weights that the run started from. */
  readonly initReport: string;
  /** What `report.html` shows beside settings and log: the last evaluation by class, and what the pictures are of. */
  readonly reportFacts: string;
  readonly predictions: string;
  readonly report: string;
}

/** Where `--tensorboard` writes in a run folder. */
export function tensorboardFolder({ root }: Pick<RunFolder, "root">): string {
  return join(root, "tensorboard");
}

/** The files of a run folder. */
export function runFolder(root: string): RunFolder {
  return {
    ...runFiles(root),
    config: join(root, "config.json"),
    initReport: join(root, "init-report.json"),
    reportFacts: join(root, "report.json"),
    predictions: join(root, "predictions"),
    report: join(root, "report.html"),
  };
}

/** What to do with a run that is already in the output folder. */
export type ExistingRun = "refuse" | "resume" | "overwrite";

/**
 * Sees that the output folder can be used; changes nothing.
 *
 * @throws UsageError when it holds a run, or other people's files, and `existing` does not allow to go on
 */
export async function checkRunFolder(folder: RunFolder, existing: ExistingRun): Promise<void> {
  const { root } = folder;
  if ((await readRunConfig(folder)) !== undefined) {
    if (existing !== "refuse") return;
    throw new UsageError(
      `${root} already holds a run: continue it with --resume, replace it with --overwrite, or choose another --output`,
    );
  }
  if (existing === "resume") throw new UsageError(`${root} holds no run to resume; leave --resume away to start one`);
  // What a start that was killed before its first file left is nobody's.
  const names = existsSync(root) ? await readdir(root) : [];
  if (names.some((name) => name !== lockName && !isLeftover(name)))
    throw new UsageError(`${root} is not empty and holds no run: choose another --output`);
}

/** Removes an older run's files; whatever else somebody keeps in the folder stays. */
export async function clearRunFolder(folder: RunFolder): Promise<void> {
  const { root, config, ...files } = folder;
  await Promise.all(
    [...Object.values(files), tensorboardFolder(folder)].map((file) => rm(file, { recursive: true, force: true })),
  );
  // Last: while it is there, the folder is a run's, and can be cleared again after a kill.
  await rm(config, { force: true });
  makeFolder(root);
}

/** Stores the resolved settings of a run. */
export async function writeRunConfig(folder: RunFolder, config: SettingsTree): Promise<void> {
  await writeFileAtomic(folder.config, `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * The settings that a run was started with, or `undefined` where there is no run: a model of Hugging Face has a
 * `config.json` too.
 *
 * @throws DataError naming the file where it is damaged
 */
export async function readRunConfig({ config }: Pick<RunFolder, "config">): Promise<SettingsTree | undefined> {
  if (!existsSync(config)) return undefined;
  const settings = (await readJson(config)) as SettingsTree | null;
  return typeof settings?.["data"] === "string" ? settings : undefined;
}

/** The run that a checkpoint belongs to: its folder was named, or one of its files. Undefined where there is none. */
export async function runOfCheckpoint(checkpoint: string): Promise<RunFolder | undefined> {
  const around = runFolder(dirname(checkpoint));
  const isFile = [around.bestCheckpoint, around.lastCheckpoint].some((file) => resolve(file) === resolve(checkpoint));
  const folder = isFile ? around : runFolder(checkpoint);
  return (await readRunConfig(folder)) === undefined ? undefined : folder;
}
