import { CheckpointError, ConfigError } from "@detrkit/common";
import { tensor } from "@tensorflow/tfjs-core";
import { GradientOptimizer, type GradientOptimizerConfig } from "./gradient-optimizer.ts";
import type { StateTensor } from "./moments.ts";
import { clipFactor, jointNorm, type RuleStep, type RuleStepDone, type UpdateRule } from "./update-rule.ts";

/** Settings of {@link Sgd}. */
export interface SgdConfig extends GradientOptimizerConfig {
  /** Added to the gradient as `weightDecay` times the parameter. Default 0. */
  readonly weightDecay?: number;
  /** How much of the last step's velocity is kept. Default 0.9. */
  readonly momentum?: number;
}

/**
 * Stochastic gradient descent with momentum, as PyTorch's: `v = momentum · v + g + weightDecay · p`, then
 * `p = p - learningRate · v`. Gradients are clipped before the decay is added.
 */
export class Sgd extends GradientOptimizer {
  constructor({ weightDecay = 0, momentum = 0.9, ...config }: SgdConfig) {
    super("Sgd", { ...config, weightDecay }, new SgdRule(momentum));
    if (!(momentum >= 0 && momentum < 1)) throw new ConfigError(`Sgd: momentum must be in [0, 1), got ${momentum}`);
  }
}

const prefix = "velocity/";

/** In plain memory, which every backend can do: Deformable DETR's authors offer it, nobody's recipe uses it. */
class SgdRule implements UpdateRule {
  readonly #momentum: number;
  readonly #velocities = new Map<string, Float32Array>();

  constructor(momentum: number) {
    this.#momentum = momentum;
  }

  async apply({ parameters, gradients, settings, clipNorm }: RuleStep): Promise<RuleStepDone> {
    const gradientValues = await Promise.all(gradients.map((gradient) => gradient.data<"float32">()));
    const gradientNorm = jointNorm(gradientValues);
    if (!Number.isFinite(gradientNorm)) return { changed: false, gradientNorm };
    const scale = clipFactor(gradientNorm, clipNorm);
    const entries = [...parameters];
    for (const [path, { size }] of entries) this.#expectFitting(path, size);
    for (const [index, [path, parameter]] of entries.entries()) {
      const { learningRate, weightDecay } = settings[index] as RuleStep["settings"][number];
      const gradient = gradientValues[index] as Float32Array;
      const velocity = this.#velocities.get(path) ?? new Float32Array(parameter.size);
      const values = Float32Array.from(await parameter.value.data<"float32">());
      for (let at = 0; at < values.length; at++) {
        const value = values[at] as number;
        const slope = (gradient[at] as number) * scale + weightDecay * value;
        const speed = this.#momentum * (velocity[at] as number) + slope;
        velocity[at] = speed;
        values[at] = value - learningRate * speed;
      }
      this.#velocities.set(path, velocity);
      parameter.assign(tensor(values, [...parameter.shape]));
    }
    return { changed: true, gradientNorm };
  }

  read(): Promise<Map<string, StateTensor>> {
    const state = new Map<string, StateTensor>();
    for (const [path, velocity] of this.#velocities)
      state.set(`${prefix}${path}`, { dtype: "float32", shape: [velocity.length], values: velocity.slice() });
    return Promise.resolve(state);
  }

  load(state: ReadonlyMap<string, StateTensor>): void {
    const loaded = [...state].filter(([name]) => name !== "stepsDone");
    const foreign = loaded.find(([name]) => !name.startsWith(prefix));
    if (foreign !== undefined)
      throw new CheckpointError(`Sgd.loadState: "${foreign[0]}" is of another optimiser; expected ${prefix}PATH only`);
    const wrong = loaded.find(([, { values }]) => !(values instanceof Float32Array));
    if (wrong !== undefined)
      throw new CheckpointError(`Sgd.loadState: "${wrong[0]}" expected float32 numbers, got ${wrong[1].dtype}`);
    this.#velocities.clear();
    for (const [name, { values }] of loaded)
      this.#velocities.set(name.slice(prefix.length), Float32Array.from(values as Float32Array));
  }

  dispose(): void {
    this.#velocities.clear();
  }

  #expectFitting(path: string, size: number): void {
    const known = this.#velocities.get(path)?.length ?? size;
    if (known === size) return;
    throw new CheckpointError(
      `Sgd: the loaded state of "${path}" has ${known} values, the parameter ${size}. Is it of another model?`,
    );
  }
}
