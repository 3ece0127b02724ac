import { ConfigError } from "@detrkit/common";
import { adamWUpdate } from "./adamw-update.ts";
import { GradientOptimizer, type GradientOptimizerConfig } from "./gradient-optimizer.ts";
import { Moments, type StateTensor } from "./moments.ts";
import type { RuleStep, RuleStepDone, UpdateRule } from "./update-rule.ts";

/** Settings of {@link AdamW}. */
export interface AdamWConfig extends GradientOptimizerConfig {
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Decay rates of the two moments. Default 0.9 and 0.999. */
  readonly betas?: readonly [first: number, second: number];
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** Adam with decoupled weight decay, with PyTorch's numbers. */
export class AdamW extends GradientOptimizer {
  constructor({ weightDecay = 0.01, betas = [0.9, 0.999], epsilon = 1e-8, ...config }: AdamWConfig) {
    super("AdamW", { ...config, weightDecay }, new AdamWRule(betas, epsilon));
    if (betas.length !== 2) throw new ConfigError(`AdamW: betas expected two numbers, got ${betas.length}`);
    if (!betas.every((beta) => beta >= 0 && beta < 1))
      throw new ConfigError(`AdamW: betas must be in [0, 1), got ${betas.join(" and ")}`);
    if (!(epsilon >= 0 && epsilon < Infinity))
      throw new ConfigError(`AdamW: epsilon must be finite and 0 or more, got ${epsilon}`);
  }
}

/** Moments of each parameter, and the update that uses them. */
class AdamWRule implements UpdateRule {
  readonly #betas: readonly [first: number, second: number];
  readonly #epsilon: number;
  readonly #moments = new Moments();

  constructor(betas: readonly [first: number, second: number], epsilon: number) {
    this.#betas = betas;
    this.#epsilon = epsilon;
  }

  async apply({ parameters, gradients, settings, clipNorm }: RuleStep): Promise<RuleStepDone> {
    const paths = [...parameters.keys()];
    const updated = await adamWUpdate({
      parameters: [...parameters.values()],
      gradients,
      ...(await this.#moments.pack(parameters)),
      settings: settings.map((each, index) => ({
        ...each,
        step: this.#moments.stepsOf(paths[index] as string) + 1,
      })),
      betas: this.#betas,
      epsilon: this.#epsilon,
      clipNorm,
    });
    if (updated.changed) this.#moments.store(updated.first, updated.second);
    return updated;
  }

  read(): Promise<Map<string, StateTensor>> {
    return this.#moments.read();
  }

  load(state: ReadonlyMap<string, StateTensor>): void {
    this.#moments.load(state);
  }

  dispose(): void {
    this.#moments.dispose();
  }
}
