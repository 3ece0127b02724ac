import {
  RunLock,
  type TrainingOutcome,
  TrainingError,
  type TrainOptions,
  train as trainParts,
} from "@detrkit/training";
import type { RunConfig, SizedConfig } from "../configuration/resolve-config.ts";
import { cachedImages } from "../data/cached-images.ts";
import { openTrainingData } from "../data/open-data.ts";
import { refuseBadImages } from "../data/refuse-bad-images.ts";
import { RunEvents } from "../tensorboard/run-events.ts";
import { withBatchSize } from "./automatic-batch-size.ts";
import { partsOf, type RunParts } from "./parts.ts";
import {
  checkRunFolder,
  clearRunFolder,
  type ExistingRun,
  runFolder,
  tensorboardFolder,
  writeRunConfig,
} from "./run-folder.ts";
import { rateNames } from "./run-optimizer.ts";
import { reportWriter } from "./run-report.ts";
import { mosaicNote } from "./run-transforms.ts";
import { scaledLearningRate } from "./scaled-learning-rate.ts";
import { startFromWeights, writeInitReport } from "./start-from-weights.ts";
import { collapseWarner } from "./warn-of-collapse.ts";

/** What a caller of `train` may watch and decide. */
export interface TrainingHooks extends Pick<TrainOptions, "afterEpoch" | "endBy" | "report" | "signal"> {
  /** Whether to write event files for TensorBoard into the run folder. Default false. */
  readonly tensorboard?: boolean;
}

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
  given: RunConfig,
  existing: ExistingRun,
  { tensorboard = false, ...hooks }: TrainingHooks,
  lock: RunLock,
): Promise<TrainingOutcome> {
  const startedAt = performance.now();
  const folder = runFolder(given.output);
  const say = (text: string): void => hooks.report?.({ kind: "message", text });
  return await withParts(given, say, async (parts, config) => {
    if (existing !== "resume") await refuseBadImages(parts.data, say);
    for (const note of [scaledLearningRate(config).explanation, mosaicNote(config)]) if (note !== undefined) say(note);
    const data = config.cacheImages ? await cachedImages(parts.data, say) : parts.data;
    const started = existing === "resume" ? undefined : await startFromWeights(config, parts, say);
    // Only now: settings or data that cannot be used leave an older run, or no run, behind.
    if (existing !== "resume") await clearRunFolder(folder);
    const events = tensorboard ? new RunEvents(tensorboardFolder(folder), rateNames(config)) : undefined;
    const writeReport = reportWriter({ config, folder, parts, events });
    const warnOfCollapse = collapseWarner(config, data, say);
    const outcome = trainParts({
      ...parts,
      ...hooks,
      report: (event) => {
        hooks.report?.(event);
        events?.report(event);
      },
      endBy: hooks.endBy ?? (config.maxMinutes > 0 ? startedAt + config.maxMinutes * 60_000 : undefined),
      data,
      output: folder.root,
      lock,
      resume: existing === "resume",
      beforeTraining: async () => {
        await writeInitReport(folder, started);
        await writeRunConfig(folder, config.file);
      },
      afterEpoch: async (epoch) => {
        warnOfCollapse(epoch);
        await writeReport(epoch);
        await hooks.afterEpoch?.(epoch);
      },
    });
    return await outcome
      .catch((error: unknown) => {
        throw error instanceof TrainingError ? new TrainingError(error.found, advice, error.cause) : error;
      })
      .finally(() => events?.close());
  });
}

const advice =
  "Check them with `detrkit check-data`; if they are sound, lower --learning-rate or add --schedule.warmup-steps.";

/** Opens a run's data, builds its parts and frees them after `work`, whatever came of it. */
export async function withParts<Result>(
  config: RunConfig,
  say: (line: string) => void,
  work: (parts: RunParts, config: SizedConfig) => Promise<Result>,
): Promise<Result> {
  const data = await openTrainingData(config, say);
  const sized = await withBatchSize(config, data, say);
  const parts = partsOf(sized, data);
  try {
    return await work(parts, sized);
  } finally {
    parts.optimizer.dispose();
    parts.model.dispose();
  }
}
