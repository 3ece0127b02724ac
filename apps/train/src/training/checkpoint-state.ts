import type { StateTensor } from "@detrkit/optim";
import { readSafetensors, type TensorData, writeSafetensors } from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import type { Module } from "@detrkit/nn";
import { tensor } from "@tensorflow/tfjs-core";
import { describeInMetadata, type DetectorDescription, readFromMetadata } from "./detector-description.ts";
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

/** Prefix of the optimiser's tensors; what has none is a parameter under its own path. */
const optimizerPrefix = "optimizer/";

/** A checkpoint as it lies on disk. */
export interface StoredCheckpoint {
  readonly path: string;
  readonly description: DetectorDescription;
  readonly parameters: ReadonlyMap<string, TensorData>;
  readonly optimizer: ReadonlyMap<string, StateTensor>;
  readonly position: TrainingPosition | undefined;
}

/** The values of all parameters and buffers of a model, by path. */
export async function parameterValues(model: Module): Promise<Map<string, TensorData>> {
  const entries = await Promise.all(
    [...model.parameters()].map(async ([path, { value }]) => [path, { dtype: "float32", shape: value.shape, values: await value.data<"float32">() }] as const),
  );
  return new Map(entries);
}

/** Writes everything that a run needs to go on, in one file: weights and optimiser state cannot come from two moments. */
export async function writeCheckpoint(
  path: string,
  state: {
    readonly description: DetectorDescription;
    readonly model: Module;
    readonly optimizer: ReadonlyMap<string, StateTensor>;
    readonly position: TrainingPosition;
  },
): Promise<void> {
  const tensors = await parameterValues(state.model);
  for (const [name, data] of state.optimizer) tensors.set(`${optimizerPrefix}${name}`, data);
  await writeSafetensors(path, tensors, { ...describeInMetadata(state.description), training: JSON.stringify(state.position) });
}

/** Reads a checkpoint that {@link writeCheckpoint} wrote. */
export async function readCheckpoint(path: string): Promise<StoredCheckpoint> {
  const { tensors, metadata } = await readSafetensors(path);
  const description = readFromMetadata(metadata, path);
  const parameters = new Map<string, TensorData>();
  const optimizer = new Map<string, StateTensor>();
  for (const [name, data] of tensors) {
    if (name.startsWith(optimizerPrefix)) optimizer.set(name.slice(optimizerPrefix.length), data as StateTensor);
    else parameters.set(name, data);
  }
  const position = metadata["training"] === undefined ? undefined : (JSON.parse(metadata["training"]) as TrainingPosition);
  return { path, description, parameters, optimizer, position };
}

/** Puts stored values into a model's parameters; each must be there, in its shape. */
export function assignParameters(model: Module, { path, parameters }: Pick<StoredCheckpoint, "path" | "parameters">): void {
  const wanted = model.parameters();
  const missing = [...wanted.keys()].filter((name) => !parameters.has(name));
  const surplus = [...parameters.keys()].filter((name) => !wanted.has(name));
  if (missing.length > 0 || surplus.length > 0) {
    const list = (names: readonly string[]): string => `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
    const parts = [missing.length > 0 ? `it lacks ${list(missing)}` : "", surplus.length > 0 ? `the model has no ${list(surplus)}` : ""];
    throw new CheckpointError(`${path} does not fit the model: ${parts.filter((part) => part !== "").join("; ")}`);
  }
  for (const [name, parameter] of wanted) {
    const data = parameters.get(name);
    if (data === undefined || data.shape.join() !== parameter.shape.join()) {
      throw new CheckpointError(`${path}: ${name} expected [${parameter.shape.join(", ")}], got [${data?.shape.join(", ") ?? ""}]`);
    }
    parameter.assign(tensor(data.values as Float32Array, [...data.shape], "float32"));
  }
}
