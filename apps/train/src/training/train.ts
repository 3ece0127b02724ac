import {
  RunLock,
  type TrainingOutcome,
  TrainingError,
  type TrainOptions,
  train as trainParts,
} from "@detrkit/training";
import type { RunConfig } from "../configuration/resolve-config.ts";
import { openTrainingData } from "./open-data.ts";
import { refuseBadImages } from "./refuse-bad-images.ts";
import { partsOf, type RunParts } from "./parts.ts";
import { checkRunFolder, clearRunFolder, type ExistingRun, runFolder, writeRunConfig } from "./run-folder.ts";
import { reportWriter } from "./run-report.ts";

/** What a caller of `train` may watch and decide. */
export type TrainingHooks = Pick<TrainOptions, "endBy" | "report" | "signal">;

/**
 * Trains a detector as the settings say and leaves a run folder. The tfjs backend must be running already.
 *
 * A run that was stopped, in whatever way, goes on with `existing: "resume"` and gives the numbers that it would have
 * given undisturbed.
 */
export async function train(
  config: RunConfig,
  existing: ExistingRun,
  hooks: TrainingHooks = {},
): Promise<TrainingOutcome> {
  const folder = runFolder(config.output);
  await checkRunFolder(folder, existing);
  const lock = RunLock.take(folder.root);
  try {
    // Another process may have left a run here between the look and the lock.
    await checkRunFolder(folder, existing);
    return await trainLocked(config, existing, hooks, lock);
  } finally {
    lock.release();
  }
}

async function trainLocked(
  config: RunConfig,
  existing: ExistingRun,
  hooks: TrainingHooks,
  lock: RunLock,
): Promise<TrainingOutcome> {
  const folder = runFolder(config.output);
  const say = (text: string): void => hooks.report?.({ kind: "message", text });
  return await withParts(config, say, async (parts) => {
    if (existing !== "resume") await refuseBadImages(parts.data, say);
    // Only now: settings or data that cannot be used leave an older run, or no run, behind.
    if (existing !== "resume") await clearRunFolder(folder);
    const outcome = trainParts({
      ...parts,
      ...hooks,
      output: folder.root,
      lock,
      resume: existing === "resume",
      beforeTraining: () => writeRunConfig(folder, config.file),
      afterEpoch: reportWriter({ config, folder, parts }),
    });
    return await outcome.catch((error: unknown) => {
      throw error instanceof TrainingError ? new TrainingError(error.found, advice, error.cause) : error;
    });
  });
}

const advice =
  "Check them with `detrkit check-data`; if they are sound, lower --learning-rate or add --schedule.warmup-steps.";

/** Opens a run's data, builds its parts and frees them after `work`, whatever came of it. */
export async function withParts<Result>(
  config: RunConfig,
  say: (line: string) => void,
  work: (parts: RunParts) => Promise<Result>,
): Promise<Result> {
  const parts = partsOf(config, await openTrainingData(config, say));
  try {
    return await work(parts);
  } finally {
    parts.optimizer.dispose();
    parts.model.dispose();
  }
}
