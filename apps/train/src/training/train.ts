import { type TrainingOutcome, TrainingError, type TrainOptions, train as trainParts } from "@detrkit/training";
import type { RunConfig } from "../configuration/resolve-config.ts";
import { openTrainingData } from "./open-data.ts";
import { refuseBadImages } from "./refuse-bad-images.ts";
import { RunEvents } from "../tensorboard/run-events.ts";
import { partsOf, rateNames, type RunParts } from "./parts.ts";
import {
  checkRunFolder,
  clearRunFolder,
  type ExistingRun,
  runFolder,
  tensorboardFolder,
  writeRunConfig,
} from "./run-folder.ts";
import { reportWriter } from "./run-report.ts";

/** What a caller of `train` may watch and decide. */
export interface TrainingHooks extends Pick<TrainOptions, "endBy" | "report" | "signal"> {
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
  { tensorboard = false, ...hooks }: TrainingHooks = {},
): Promise<TrainingOutcome> {
  const folder = runFolder(config.output);
  await checkRunFolder(folder, existing);
  const say = (text: string): void => hooks.report?.({ kind: "message", text });
  return await withParts(config, say, async (parts) => {
    if (existing !== "resume") await refuseBadImages(parts.data, say);
    // Only now: settings or data that cannot be used leave an older run, or no run, behind.
    if (existing !== "resume") await clearRunFolder(folder);
    const events = tensorboard ? new RunEvents(tensorboardFolder(folder), rateNames(config)) : undefined;
    const outcome = trainParts({
      ...parts,
      ...hooks,
      report: (event) => {
        hooks.report?.(event);
        events?.report(event);
      },
      output: folder.root,
      resume: existing === "resume",
      beforeTraining: () => writeRunConfig(folder, config.file),
      afterEpoch: reportWriter({ config, folder, parts, events }),
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
