import { openCheckpoint, saveCheckpoint, type TrainingState } from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import { type DetectorDescription, descriptionMetadata } from "@detrkit/inference";
import type { Module } from "@detrkit/nn";
import type { AdamW, StateTensor } from "@detrkit/optim";
import type { RunningSums } from "./running-sums.ts";

/** Where a run is. Everything random follows from the seed and this, so it is also the state of the random numbers. */
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

/** The parts of a run whose state is kept. */
export interface TrainingParts {
  readonly model: Module;
  readonly optimizer: AdamW;
}

/** Writes everything that a run needs to go on, in one file: weights and optimiser state cannot come from two moments. */
export async function saveTraining(path: string, { model, optimizer }: TrainingParts, description: DetectorDescription, position: TrainingPosition): Promise<void> {
  const training: TrainingState = { tensors: await optimizer.readState(), values: position };
  await saveCheckpoint(path, { model, metadata: descriptionMetadata(description), training });
}

/**
 * Gives the parts of a run back what {@link saveTraining} kept of them.
 *
 * @returns where the run was
 */
export async function restoreTraining(path: string, { model, optimizer }: TrainingParts): Promise<TrainingPosition> {
  const file = await openCheckpoint(path);
  try {
    const training = await file.readTrainingState();
    if (training === undefined) throw new CheckpointError(`${path} holds a model only, no state of its training; it can be used, but not resumed`);
    await file.loadModel(model);
    optimizer.loadState(training.tensors as ReadonlyMap<string, StateTensor>);
    return training.values as TrainingPosition;
  } finally {
    await file.close();
  }
}
