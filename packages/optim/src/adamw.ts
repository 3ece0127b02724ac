import { ConfigError, CheckpointError } from "@detrkit/common";
import type { Module, Parameter } from "@detrkit/nn";
import { dispose, type Tensor } from "@tensorflow/tfjs-core";
import { adamWUpdate } from "./adamw-update.ts";
import { lossGradients, type LossGradients, type LossWithTerms } from "./loss-gradients.ts";
import { Moments, type StateTensor } from "./moments.ts";
import { NonFiniteError } from "./non-finite-error.ts";
import { type ParameterGroup, ParameterGroups } from "./parameter-groups.ts";
import { constantSchedule, type Schedule } from "./schedules.ts";

/** Settings of {@link AdamW}. */
export interface AdamWConfig {
  /**
   * A parameter belongs to the first group whose pattern matches it. A pattern without a match is an error at the first
   * step.
   */
  readonly groups: readonly ParameterGroup[];
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Decay rates of the two moments. Default 0.9 and 0.999. */
  readonly betas?: readonly [first: number, second: number];
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Largest joint norm of all gradients; longer ones are scaled down to it. Default 0: no clipping. */
  readonly clipNorm?: number;
  /** Multiplies the learning rates. Default 1 throughout. */
  readonly schedule?: Schedule;
}

/** What one step did. */
export interface StepResult {
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
  /** Joint norm of all gradients, before clipping. */
  readonly gradientNorm: number;
  /** Of each group, at this step. */
  readonly learningRates: readonly number[];
}

/**
 * Adam with decoupled weight decay, with PyTorch's numbers. Frozen parameters, and those without a gradient, stay as
 * they are.
 */
export class AdamW {
  readonly #groups: ParameterGroups;
  readonly #config: Required<Omit<AdamWConfig, "groups">>;
  readonly #moments = new Moments();
  #stepsDone = 0;

  constructor({ groups, ...settings }: AdamWConfig) {
    this.#groups = new ParameterGroups(groups);
    this.#config = {
      weightDecay: 0.01,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      clipNorm: 0,
      schedule: constantSchedule(),
      ...settings,
    };
    const { betas, weightDecay, epsilon, clipNorm } = this.#config;
    if (betas.length !== 2) throw new ConfigError(`AdamW: betas expected two numbers, got ${betas.length}`);
    if (!betas.every((beta) => beta >= 0 && beta < 1))
      throw new ConfigError(`AdamW: betas must be in [0, 1), got ${betas.join(" and ")}`);
    if (!(epsilon >= 0 && epsilon < Infinity))
      throw new ConfigError(`AdamW: epsilon must be finite and 0 or more, got ${epsilon}`);
    if (!(weightDecay >= 0) || !(clipNorm >= 0))
      throw new ConfigError(`AdamW: weightDecay and clipNorm must be 0 or more, got ${weightDecay} and ${clipNorm}`);
  }

  /** How many steps have been done: the argument of the schedule. */
  get stepsDone(): number {
    return this.#stepsDone;
  }

  /** Learning rate of each group at the next step. */
  get learningRates(): readonly number[] {
    const factor = this.#config.schedule(this.#stepsDone);
    return this.#groups.groups.map(({ learningRate }) => learningRate * factor);
  }

  /**
   * Computes a loss and its gradients, and changes the model's trainable parameters once.
   *
   * @param compute - runs the model and returns the scalar loss, or the loss and its terms; synchronous
   * @throws NonFiniteError when the loss or a gradient is not finite; nothing has changed then
   * @throws ConfigError when a group's pattern matches no parameter of the model
   */
  async step(model: Module, compute: () => Tensor | LossWithTerms): Promise<StepResult> {
    const trainable = model.trainableParameters();
    if (trainable.size === 0)
      throw new ConfigError("AdamW.step: the model has no trainable parameter; is all of it frozen?");
    this.#groups.expectAllMatch(model);
    const computed = await lossGradients(trainable, compute);
    try {
      const learningRates = this.learningRates;
      const gradientNorm = await this.#apply(trainable, computed, learningRates);
      this.#stepsDone += 1;
      return { loss: computed.loss, terms: computed.terms, gradientNorm, learningRates };
    } finally {
      dispose([...computed.gradients.values()]);
    }
  }

  /** Everything that {@link loadState} needs to continue exactly, in plain memory, by name. */
  async readState(): Promise<ReadonlyMap<string, StateTensor>> {
    const state = await this.#moments.read();
    return state.set("stepsDone", { dtype: "int32", shape: [1], values: Int32Array.of(this.#stepsDone) });
  }

  /** Loads what {@link readState} returned for an optimiser of the same model. */
  loadState(state: ReadonlyMap<string, StateTensor>): void {
    const stepsDone = state.get("stepsDone")?.values[0];
    if (stepsDone === undefined)
      throw new CheckpointError('AdamW.loadState: "stepsDone" is missing; this is not the state of an AdamW');
    this.#moments.load(state);
    this.#stepsDone = stepsDone;
  }

  /** Frees the moments. The optimiser starts anew afterwards. */
  dispose(): void {
    this.#moments.dispose();
    this.#stepsDone = 0;
  }

  async #apply(
    trainable: ReadonlyMap<string, Parameter>,
    { loss, terms, gradients }: LossGradients,
    learningRates: readonly number[],
  ): Promise<number> {
    if (!Number.isFinite(loss))
      throw new NonFiniteError(`AdamW.step: the loss is ${loss} (${describe(terms)}); nothing was changed`, {
        loss,
        terms,
      });
    const parameters = new Map([...trainable].filter(([path]) => gradients.has(path)));
    const settings = [...parameters.keys()].map((path) => {
      const index = this.#groups.indexOf(path);
      const weightDecay = this.#groups.groups[index]?.weightDecay ?? this.#config.weightDecay;
      return { learningRate: learningRates[index] ?? 0, weightDecay, step: this.#moments.stepsOf(path) + 1 };
    });
    const { betas, epsilon, clipNorm } = this.#config;
    const updated = await adamWUpdate({
      parameters: [...parameters.values()],
      gradients: [...parameters.keys()].map((path) => gradients.get(path) as Tensor),
      ...(await this.#moments.pack(parameters)),
      settings,
      betas,
      epsilon,
      clipNorm,
    });
    if (!updated.changed) {
      throw new NonFiniteError(
        `AdamW.step: the loss is ${loss}, but the norm of its gradients ${updated.gradientNorm} ` +
          `(${describe(terms)}); nothing was changed`,
        { loss, terms },
      );
    }
    this.#moments.store(updated.first, updated.second);
    return updated.gradientNorm;
  }
}

function describe(terms: Readonly<Record<string, number>>): string {
  const entries = Object.entries(terms);
  return entries.length === 0 ? "no terms given" : entries.map(([name, value]) => `${name} ${value}`).join(", ");
}
