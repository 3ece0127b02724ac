import { CheckpointError } from "@detrkit/common";
import type { Module, Parameter } from "@detrkit/nn";
import { type CheckpointMetadata, decodeMetadata } from "./checkpoint-metadata.ts";
import { type LoadOptions, type LoadReport, planLoad } from "./load-report.ts";
import { assignData } from "./module-tensors.ts";
import type { SafetensorsFile } from "./safetensors-file.ts";
import type { TensorData } from "./tensor-data.ts";

/** What is needed besides the model to resume training: the optimiser's state, the random state, the epoch. */
export interface TrainingState {
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** Plain JSON. */
  readonly values: unknown;
}

// No parameter path has a slash, so training tensors can share the file with the model's.
/** Before the names of tensors that belong to the training. */
export const trainingPrefix = "training/";
/** Where a header has the training's plain values. */
export const trainingKey = "detrkit.training";

/** An open checkpoint. Its header is read; tensors are read on request. */
export class CheckpointFile {
  readonly metadata: CheckpointMetadata;
  readonly #file: SafetensorsFile;

  constructor(file: SafetensorsFile) {
    this.metadata = decodeMetadata(file.metadata, file.path);
    this.#file = file;
  }

  /** How many tensors of the model it holds, and how many numbers they have together. */
  get held(): { readonly tensors: number; readonly values: number } {
    const sizes = [...this.#modelShapes().values()].map((shape) => shape.reduce((product, size) => product * size, 1));
    return { tensors: sizes.length, values: sizes.reduce((sum, size) => sum + size, 0) };
  }

  /** Loads the model's parameters one after the other, so that there is no second copy of the model in memory. */
  async loadModel(model: Module, options: LoadOptions = {}): Promise<LoadReport> {
    const stored = this.#modelShapes();
    const names = new Map([...stored.keys()].map((name) => [presentPath(model, name), name]));
    const shapes = new Map([...names].map(([path, name]) => [path, stored.get(name) as readonly number[]]));
    const report = planLoad(model, shapes, this.#file.path, options);
    const parameters = model.parameters();
    for (const path of report.matched) {
      assignData(parameters.get(path) as Parameter, await this.#file.read(names.get(path) as string));
    }
    return report;
  }

  /** All tensors of the model, with the paths that they had when it was saved; see {@link presentPaths}. */
  async readModel(): Promise<ReadonlyMap<string, TensorData>> {
    const tensors = new Map<string, TensorData>();
    for (const name of this.#modelShapes().keys()) tensors.set(name, await this.#file.read(name));
    return tensors;
  }

  /**
   * Undefined in a checkpoint that is only for inference.
   *
   * @param model - the model that was trained: tensors of renamed paths get their new names
   */
  async readTrainingState(model: Module): Promise<TrainingState | undefined> {
    const values = this.#file.metadata[trainingKey];
    if (values === undefined) return undefined;
    const tensors = new Map<string, TensorData>();
    for (const name of this.#file.entries.keys()) {
      if (!name.startsWith(trainingPrefix)) continue;
      tensors.set(presentPath(model, name.slice(trainingPrefix.length)), await this.#file.read(name));
    }
    try {
      return { tensors, values: JSON.parse(values) as unknown };
    } catch (cause) {
      throw new CheckpointError(`${this.#file.path}: the training state in it is not JSON; the file is damaged`, {
        cause,
      });
    }
  }

  /** Shapes of the model's tensors by name, without those of its training. */
  #modelShapes(): ReadonlyMap<string, readonly number[]> {
    const shapes = [...this.#file.entries].filter(([name]) => !name.startsWith(trainingPrefix));
    return new Map(shapes.map(([name, { shape }]) => [name, shape]));
  }

  /** Closes the file. Nothing can be read from it any more. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Tensors of an older checkpoint under the paths that the model's parameters have today. */
export function presentPaths<Value>(model: Module, tensors: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  return new Map([...tensors].map(([name, value]) => [presentPath(model, name), value]));
}

/** A tensor's name with the parameter's current path. In the optimiser's state a word and a slash precede the path. */
function presentPath({ movedPaths }: Module, name: string): string {
  const start = name.lastIndexOf("/") + 1;
  const path = movedPaths.reduce((moved, { from, to }) => moved.replace(from, to), name.slice(start));
  return `${name.slice(0, start)}${path}`;
}
