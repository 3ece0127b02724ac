import { existsSync } from "node:fs";
import { type CheckpointContent, openCheckpoint, saveCheckpoint } from "@detrkit/checkpoint";
import { CheckpointError, ConfigError } from "@detrkit/common";
import { removeLeftovers, writeFileAtomic } from "@detrkit/common/files";
import { type Detector, descriptionMetadata } from "@detrkit/inference";
import type { StateTensor } from "@detrkit/optim";
import { type EpochRecord, readLog, type RunningSums, writeLog } from "./epoch-record.ts";
import { type RunFiles, runFiles } from "./run-files.ts";
import type { StoredMetrics } from "./stored-metrics.ts";
import type { TrainingTensors } from "./training-state.ts";

/** A run's position. All random numbers follow from the seed and the position, so it is their state too. */
export interface TrainingPosition {
  /** The epoch that is being trained, from 0. */
  epoch: number;
  /** Steps of this epoch that are done. */
  stepsDone: number;
  /** Steps of the whole run that are done. */
  step: number;
  readonly seed: number;
  sums: RunningSums;
}

/** Stores a run on disk, each file completely or not at all; without a folder it stores nothing. */
export class RunStore {
  readonly #files: RunFiles | undefined;
  readonly #detector: Detector;
  readonly #optimizer: TrainingTensors;

  constructor(output: string | undefined, detector: Detector, optimizer: TrainingTensors) {
    this.#files = output === undefined ? undefined : runFiles(output);
    this.#detector = detector;
    this.#optimizer = optimizer;
  }

  /** @throws ConfigError when the folder holds a run, which a new one would replace */
  expectNoRun(): void {
    if (this.#files === undefined) return;
    const { root, lastCheckpoint, log } = this.#files;
    const found = [lastCheckpoint, log].find((file) => existsSync(file));
    if (found === undefined) return;
    throw new ConfigError(
      `train: ${root} already holds a run (${found}): go on with resume: true, or choose another output`,
    );
  }

  /** Removes what a killed run had not written to its end. */
  async tidy(): Promise<void> {
    if (this.#files !== undefined) await removeLeftovers(this.#files.root);
  }

  /**
   * Loads model and optimiser from the last checkpoint.
   *
   * @returns where the run was; undefined where there is no checkpoint yet
   * @throws CheckpointError where it is gone, damaged, or holds no state of the training
   */
  async restore(): Promise<TrainingPosition | undefined> {
    if (this.#files === undefined) throw new ConfigError("train: resume needs output, the folder of the run");
    const { bestCheckpoint, lastCheckpoint, log } = this.#files;
    if (!existsSync(lastCheckpoint)) {
      const left = [bestCheckpoint, log].find((file) => existsSync(file));
      if (left === undefined) return undefined;
      throw new CheckpointError(
        `${lastCheckpoint} is missing, but there is ${left}: the run has been further and cannot go on from there. ` +
          "Put the file back, or start the run again",
      );
    }
    const file = await openCheckpoint(lastCheckpoint);
    try {
      const training = await file.readTrainingState(this.#detector.model);
      if (training === undefined) {
        throw new CheckpointError(
          `${lastCheckpoint} holds a model without the state of its training, as checkpoint-best does: it can be ` +
            "evaluated and used, but not resumed. Put the run's own checkpoint-last back, or start another run " +
            "from these weights",
        );
      }
      await file.loadModel(this.#detector.model);
      this.#optimizer.loadState(training.tensors as ReadonlyMap<string, StateTensor>);
      return training.values as TrainingPosition;
    } finally {
      await file.close();
    }
  }

  /** Writes everything a run needs to resume into one file: weights and optimiser state are of the same step. */
  async save(position: TrainingPosition): Promise<void> {
    if (this.#files === undefined) return;
    await this.#saveModel(this.#files.lastCheckpoint, {
      training: { tensors: await this.#optimizer.readState(), values: position },
    });
  }

  /** Stores an evaluation of the model as it is now, and its weights if it is the best so far. */
  async keepEvaluation(metrics: StoredMetrics, isBest: boolean): Promise<void> {
    if (this.#files === undefined) return;
    if (isBest) await this.#saveModel(this.#files.bestCheckpoint, {});
    await writeFileAtomic(this.#files.metrics, `${JSON.stringify(metrics, null, 2)}\n`);
  }

  async #saveModel(path: string, state: Pick<CheckpointContent, "training">): Promise<void> {
    const { model, description } = this.#detector;
    await saveCheckpoint(path, { model, metadata: descriptionMetadata(description), ...state });
  }

  async readLog(): Promise<readonly EpochRecord[]> {
    return this.#files === undefined ? [] : await readLog(this.#files.log);
  }

  async writeLog(records: readonly EpochRecord[]): Promise<void> {
    if (this.#files !== undefined) await writeLog(this.#files.log, records);
  }
}
