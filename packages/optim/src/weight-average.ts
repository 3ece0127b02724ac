import { CheckpointError, ConfigError } from "@detrkit/common";
import type { Module, Parameter } from "@detrkit/nn";
import { add, clone, dispose, mul, sub, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import type { StateTensor } from "./moments.ts";

/** How slowly a {@link WeightAverage} follows the weights. */
export interface WeightAverageConfig {
  /** How much of the average a step keeps, in the long run: 0.9999 follows about the last 10,000 steps. */
  readonly decay: number;
  /**
   * The decay rises from 0 as `decay · (1 - exp(-step / warmupSteps))`, so that the average does not keep the initial
   * weights. 0: the whole decay from the start. Default 2000.
   */
  readonly warmupSteps?: number;
}

const trainedPrefix = "trained/";
const stepsName = "averagedSteps";

/**
 * An exponential moving average of a model's weights (EMA), and of its buffers that change. Frozen weights are left
 * out. The averaged weights often detect better than the last ones; they are never trained themselves.
 */
export class WeightAverage {
  readonly #parameters: ReadonlyMap<string, Parameter>;
  /** The averages; during {@link during} the trained weights. This object owns them. */
  readonly #others = new Map<string, Tensor>();
  readonly #config: Required<WeightAverageConfig>;
  #steps = 0;
  #applied = false;

  /** Begins with the model's present weights. */
  constructor(model: Module, { decay, warmupSteps = 2000 }: WeightAverageConfig) {
    if (!(decay >= 0 && decay < 1)) throw new ConfigError(`WeightAverage: decay must be in [0, 1), got ${decay}`);
    if (!(warmupSteps >= 0 && warmupSteps < Infinity))
      throw new ConfigError(`WeightAverage: warmupSteps must be finite and 0 or more, got ${warmupSteps}`);
    this.#config = { decay, warmupSteps };
    const averaged = ([, { trainable, kind }]: [string, Parameter]): boolean => trainable || kind === "buffer";
    this.#parameters = new Map([...model.parameters()].filter(averaged));
    for (const [path, { value }] of this.#parameters) this.#others.set(path, clone(value));
  }

  /** The decay of the next update. */
  get decay(): number {
    const { decay, warmupSteps } = this.#config;
    return warmupSteps === 0 ? decay : decay * (1 - Math.exp(-(this.#steps + 1) / warmupSteps));
  }

  /** Moves the averages towards the weights. Call it after each step. */
  update(): void {
    this.#expectApplied(false, "update");
    const kept = this.decay;
    for (const [path, { value }] of this.#parameters) {
      const average = this.#others.get(path) as Tensor;
      // Written as a difference, so that the average of weights that do not change is exactly these.
      const moved = tidy(() => add(average, mul(sub<Tensor>(value, average), 1 - kept)));
      average.dispose();
      this.#others.set(path, moved);
    }
    this.#steps += 1;
  }

  /** Does something with a model that has the averaged weights. They are exchanged back whatever comes of it. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#expectApplied(false, "during");
    this.#exchange();
    this.#applied = true;
    try {
      return await work();
    } finally {
      this.#exchange();
      this.#applied = false;
    }
  }

  /** Within {@link during}: the trained weights and the number of updates, in plain memory, by name. */
  async readTrained(): Promise<ReadonlyMap<string, StateTensor>> {
    this.#expectApplied(true, "readTrained");
    const state = new Map<string, StateTensor>();
    for (const [path, weights] of this.#others) {
      const values = Float32Array.from(await weights.data<"float32">());
      state.set(`${trainedPrefix}${path}`, { dtype: "float32", shape: weights.shape, values });
    }
    return state.set(stepsName, { dtype: "int32", shape: [1], values: Int32Array.of(this.#steps) });
  }

  /** Whether a name is one of {@link readTrained}'s. */
  static owns(name: string): boolean {
    return name === stepsName || name.startsWith(trainedPrefix);
  }

  /**
   * Goes on from a model that has the averaged weights, and what {@link readTrained} gave.
   *
   * @throws CheckpointError naming what is missing; nothing has changed then
   */
  loadTrained(state: ReadonlyMap<string, StateTensor>): void {
    this.#expectApplied(false, "loadTrained");
    const steps = state.get(stepsName)?.values[0];
    const missing = [...this.#parameters].find(
      ([path, { size }]) => state.get(`${trainedPrefix}${path}`)?.values.length !== size,
    );
    if (steps === undefined || missing !== undefined) {
      throw new CheckpointError(
        `WeightAverage: ${steps === undefined ? stepsName : `${trainedPrefix}${missing?.[0]}`} is missing or of ` +
          "another size; was the run started without averaged weights?",
      );
    }
    for (const [path, parameter] of this.#parameters) {
      this.#others.get(path)?.dispose();
      this.#others.set(path, clone(parameter.value));
      const { values } = state.get(`${trainedPrefix}${path}`) as StateTensor;
      parameter.assign(tensor(values, [...parameter.shape]));
    }
    this.#steps = steps;
  }

  /** Frees the averages. */
  dispose(): void {
    dispose([...this.#others.values()]);
    this.#others.clear();
  }

  #exchange(): void {
    for (const [path, parameter] of this.#parameters) {
      const before = clone(parameter.value) as Tensor;
      parameter.assign(this.#others.get(path) as Tensor);
      this.#others.set(path, before);
    }
  }

  #expectApplied(applied: boolean, method: string): void {
    if (this.#applied === applied) return;
    const place = applied ? "only within during" : "not within during, where the model has the averaged weights";
    throw new ConfigError(`WeightAverage.${method}: call it ${place}`);
  }
}
