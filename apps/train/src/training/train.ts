import { existsSync } from "node:fs";
import type { TrainingConfig } from "../configuration/training-config.ts";
import { type EpochRecord, readLog } from "./epoch-record.ts";
import { finishEpoch } from "./finish-epoch.ts";
import { openTrainingData } from "./open-data.ts";
import { checkRunFolder, clearRunFolder, type ExistingRun, runFolder, writeRunConfig } from "./run-folder.ts";
import { openSession, type TrainingSession } from "./session.ts";
import { trainEpoch } from "./train-epoch.ts";
import type { TrainingHooks } from "./training-events.ts";

/** How a run ended. */
export interface TrainingOutcome {
  /**
   * `stopped`: by its signal, to be resumed. `reached`: AP50 passed `stopAtAp50`. `outOfTime`: no epoch more would have
   * ended by `endBy`. `finished`: all epochs done.
   */
  readonly state: "finished" | "outOfTime" | "reached" | "stopped";
  readonly records: readonly EpochRecord[];
}

/**
 * Trains a detector as the settings say and leaves a run folder. The tfjs backend must be running already.
 *
 * A run that was stopped, in whatever way, goes on with `existing: "resume"` and gives the numbers that it would have given
 * undisturbed: order of images, augmentation and dropout follow from the seed and the position alone, and both are stored
 * with weights and optimiser in one file.
 */
export async function train(config: TrainingConfig, existing: ExistingRun, hooks: TrainingHooks = {}): Promise<TrainingOutcome> {
  const folder = runFolder(config.output);
  await checkRunFolder(folder, existing);
  const say = (text: string): void => hooks.report?.({ kind: "message", text });
  const data = await openTrainingData(config, say);
  // A run that was killed before its first checkpoint starts again, from the same seed.
  const session = await openSession(config, folder, data, existing === "resume" && existsSync(folder.lastCheckpoint));
  try {
    // Only now: settings or data that cannot be used leave an older run, or no run, behind.
    if (existing !== "resume") await clearRunFolder(folder);
    await writeRunConfig(folder, config);
    sayWhere(session, say);
    return await runEpochs(session, hooks);
  } finally {
    await session.close();
  }
}

function sayWhere(session: TrainingSession, say: (line: string) => void): void {
  const { epoch, stepsDone, step } = session.position;
  say(`model: ${session.parameterCount.toLocaleString("en")} trained parameters, ${session.stepsPerEpoch} steps an epoch`);
  if (step > 0) say(`resumed after step ${stepsDone} of epoch ${epoch + 1}`);
}

async function runEpochs(session: TrainingSession, hooks: TrainingHooks): Promise<TrainingOutcome> {
  const { config, folder } = session;
  let records = (await readLog(folder.log)).filter(({ epoch }) => epoch <= session.position.epoch + (session.epochTrained ? 1 : 0));
  for (;;) {
    const last = records.at(-1);
    if (last !== undefined && last.epoch > session.position.epoch) session.nextEpoch();
    if (reachedTarget(last, config)) return { state: "reached", records };
    if (session.position.epoch >= config.epochs) return { state: "finished", records };
    let trainedAt = performance.now();
    if (!session.epochTrained) {
      const whole = await trainEpoch(session, hooks);
      trainedAt = performance.now();
      await session.save();
      if (!whole) return { state: "stopped", records };
    }
    const outOfTime = session.position.epoch + 1 < config.epochs && session.isLate(hooks.endBy);
    const finished = await finishEpoch(session, records, hooks, outOfTime);
    if (finished === undefined) return { state: "stopped", records };
    session.pace.addEpochEnd((performance.now() - trainedAt) / 1000, finished.metrics !== undefined);
    records = [...records, finished];
    hooks.report?.({ kind: "epoch", epochs: config.epochs, record: finished });
    if (outOfTime) return { state: "outOfTime", records };
  }
}

function reachedTarget(last: EpochRecord | undefined, { stopAtAp50 }: TrainingConfig): boolean {
  return stopAtAp50 > 0 && (last?.metrics?.AP50 ?? -1) > stopAtAp50;
}
