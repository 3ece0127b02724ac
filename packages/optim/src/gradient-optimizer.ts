import { CheckpointError, ConfigError } from "@detrkit/common";
import type { Module, Parameter } from "@detrkit/nn";
import { dispose, type Tensor } from "@tensorflow/tfjs-core";
import { AccumulatedGradients } from "./accumulated-gradients.ts";
import { lossGradients, type LossGradients, type LossWithTerms } from "./loss-gradients.ts";
import type { StateTensor } from "./moments.ts";
import { NonFiniteError } from "./non-finite-error.ts";
import { type ParameterGroup, ParameterGroups } from "./parameter-groups.ts";
import { constantSchedule, type Schedule } from "./schedules.ts";
import type { UpdateRule } from "./update-rule.ts";

/** Settings of every optimiser. */
export interface GradientOptimizerConfig {
  /**
   * A parameter belongs to the first group whose pattern matches it. A pattern without a match is an error at the first
   * step.
   */
  readonly groups: readonly ParameterGroup[];
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

/** Steps down a loss by a rule. Frozen parameters, and those without a gradient, stay as they are. */
export class GradientOptimizer {
  readonly #name: string;
  readonly #groups: ParameterGroups;
  readonly #weightDecay: number;
  readonly #clipNorm: number;
  readonly #schedule: Schedule;
  readonly #rule: UpdateRule;
  readonly #accumulated = new AccumulatedGradients();
  #stepsDone = 0;

  /** @param name - what errors call the optimiser */
  protected constructor(
    name: string,
    config: GradientOptimizerConfig & { readonly weightDecay: number },
    rule: UpdateRule,
  ) {
    const { groups, weightDecay, clipNorm = 0, schedule = constantSchedule() } = config;
    this.#name = name;
    this.#groups = new ParameterGroups(groups, name);
    this.#weightDecay = weightDecay;
    this.#clipNorm = clipNorm;
    this.#schedule = schedule;
    this.#rule = rule;
    if (!(weightDecay >= 0) || !(clipNorm >= 0))
      throw new ConfigError(`${name}: weightDecay and clipNorm must be 0 or more, got ${weightDecay} and ${clipNorm}`);
  }

  /** How many steps have been done: the argument of the schedule. */
  get stepsDone(): number {
    return this.#stepsDone;
  }

  /** Learning rate of each group at the next step. */
  get learningRates(): readonly number[] {
    const factor = this.#schedule(this.#stepsDone);
    return this.#groups.groups.map(({ learningRate }) => learningRate * factor);
  }

  /**
   * Computes a loss and its gradients for the next step, and changes nothing yet: {@link step} then takes the mean of
   * these, of as many as there were, and of its own.
   *
   * @param compute - as that of `step`
   * @throws NonFiniteError when the loss is not finite. Whatever is thrown, what was accumulated is forgotten
   */
  async accumulate(model: Module, compute: () => Tensor | LossWithTerms): Promise<void> {
    const computed = await this.#compute(model, "accumulate", compute);
    this.#accumulated.add(computed);
    if (Number.isFinite(computed.loss)) return;
    this.#accumulated.dispose();
    throw this.#lossNotFinite("accumulate", computed);
  }

  /**
   * Computes a loss and its gradients, and changes the model's trainable parameters once. Where batches were
   * accumulated, loss, terms and gradients are the means over them and this one.
   *
   * @param compute - runs the model and returns the scalar loss, or the loss and its terms; synchronous
   * @throws NonFiniteError when the loss or a gradient is not finite; nothing has changed then
   * @throws ConfigError when a group's pattern matches no parameter of the model
   */
  async step(model: Module, compute: () => Tensor | LossWithTerms): Promise<StepResult> {
    this.#accumulated.add(await this.#compute(model, "step", compute));
    const computed = this.#accumulated.take();
    try {
      const learningRates = this.learningRates;
      const gradientNorm = await this.#apply(model.trainableParameters(), computed, learningRates);
      this.#stepsDone += 1;
      return { loss: computed.loss, terms: computed.terms, gradientNorm, learningRates };
    } finally {
      dispose([...computed.gradients.values()]);
    }
  }

  /** Everything that {@link loadState} needs to continue exactly, in plain memory, by name. */
  async readState(): Promise<ReadonlyMap<string, StateTensor>> {
    const state = await this.#rule.read();
    return state.set("stepsDone", { dtype: "int32", shape: [1], values: Int32Array.of(this.#stepsDone) });
  }

  /** Loads what {@link readState} returned for an optimiser of the same kind and model. */
  loadState(state: ReadonlyMap<string, StateTensor>): void {
    const stepsDone = state.get("stepsDone")?.values[0];
    if (stepsDone === undefined)
      throw new CheckpointError(
        `${this.#name}.loadState: "stepsDone" is missing; this is not the state of an ${this.#name}`,
      );
    this.#rule.load(state);
    this.#accumulated.dispose();
    this.#stepsDone = stepsDone;
  }

  /** Frees what the optimiser remembers. It starts anew afterwards. */
  dispose(): void {
    this.#rule.dispose();
    this.#accumulated.dispose();
    this.#stepsDone = 0;
  }

  async #compute(
    model: Module,
    method: "accumulate" | "step",
    compute: () => Tensor | LossWithTerms,
  ): Promise<LossGradients> {
    const trainable = model.trainableParameters();
    if (trainable.size === 0)
      throw new ConfigError(`${this.#name}.${method}: the model has no trainable parameter; is all of it frozen?`);
    this.#groups.expectAllMatch(model);
    try {
      return await lossGradients(trainable, compute, `${this.#name}.${method}`);
    } catch (error) {
      this.#accumulated.dispose();
      throw error;
    }
  }

  #lossNotFinite(method: string, { loss, terms }: LossGradients): NonFiniteError {
    return new NonFiniteError(
      `${this.#name}.${method}: the loss is ${loss} (${describe(terms)}); nothing was changed`,
      { loss, terms },
    );
  }

  async #apply(
    trainable: ReadonlyMap<string, Parameter>,
    computed: LossGradients,
    learningRates: readonly number[],
  ): Promise<number> {
    const { loss, terms, gradients } = computed;
    if (!Number.isFinite(loss)) throw this.#lossNotFinite("step", computed);
    const parameters = new Map([...trainable].filter(([path]) => gradients.has(path)));
    const settings = [...parameters.keys()].map((path) => {
      const index = this.#groups.indexOf(path);
      const weightDecay = this.#groups.groups[index]?.weightDecay ?? this.#weightDecay;
      return { learningRate: learningRates[index] ?? 0, weightDecay };
    });
    const { changed, gradientNorm } = await this.#rule.apply({
      parameters,
      gradients: [...parameters.keys()].map((path) => gradients.get(path) as Tensor),
      settings,
      clipNorm: this.#clipNorm,
    });
    if (changed) return gradientNorm;
    throw new NonFiniteError(
      `${this.#name}.step: the loss is ${loss}, but the norm of its gradients ${gradientNorm} ` +
        `(${describe(terms)}); nothing was changed`,
      { loss, terms },
    );
  }
}

function describe(terms: Readonly<Record<string, number>>): string {
  const entries = Object.entries(terms);
  return entries.length === 0 ? "no terms given" : entries.map(([name, value]) => `${name} ${value}`).join(", ");
}
