import { existsSync } from "node:fs";
import { copyFile, rename } from "node:fs/promises";
import { openCheckpoint, saveCheckpoint, type TrainingState } from "@detrkit/checkpoint";
import { CheckpointError, ConfigError } from "@detrkit/common";
import { writeFileAtomic } from "@detrkit/common/files";
import type { CocoMetrics } from "@detrkit/evaluation";
import { type Detector, descriptionMetadata } from "@detrkit/inference";
import type { StateTensor } from "@detrkit/optim";
import { type EpochRecord, readLog, type RunningSums, writeLog } from "./epoch-record.ts";
import { type RunFiles, runFiles } from "./run-files.ts";
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

  /**
   * Loads model and optimiser from the last checkpoint.
   *
   * @returns where the run was; undefined where there is no checkpoint yet
   */
  async restore(): Promise<TrainingPosition | undefined> {
    if (this.#files === undefined) throw new ConfigError("train: resume needs output, the folder of the run");
    const { lastCheckpoint } = this.#files;
    if (!existsSync(lastCheckpoint)) return undefined;
    const file = await openCheckpoint(lastCheckpoint);
    try {
      const training = await file.readTrainingState(this.#detector.model);
      if (training === undefined) {
        throw new CheckpointError(
          `${lastCheckpoint} holds a model only, no state of its training; it can be used, but not resumed`,
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
    const { model, description } = this.#detector;
    const training: TrainingState = { tensors: await this.#optimizer.readState(), values: position };
    await saveCheckpoint(this.#files.lastCheckpoint, { model, metadata: descriptionMetadata(description), training });
  }

  /** Stores an evaluation of the last checkpoint, and keeps that checkpoint if it is the best so far. */
  async keepEvaluation(metrics: CocoMetrics, isBest: boolean): Promise<void> {
    if (this.#files === undefined) return;
    const { lastCheckpoint, bestCheckpoint } = this.#files;
    if (isBest) {
      await copyFile(lastCheckpoint, `${bestCheckpoint}.tmp`);
      await rename(`${bestCheckpoint}.tmp`, bestCheckpoint);
    }
    await writeFileAtomic(this.#files.metrics, `${JSON.stringify(metrics, null, 2)}\n`);
  }

  async readLog(): Promise<readonly EpochRecord[]> {
    return this.#files === undefined ? [] : await readLog(this.#files.log);
  }

  async writeLog(records: readonly EpochRecord[]): Promise<void> {
    if (this.#files !== undefined) await writeLog(this.#files.log, records);
  }
}
