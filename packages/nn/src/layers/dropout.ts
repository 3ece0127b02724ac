import { ConfigError } from "@detrkit/common";
import { clone, type Tensor } from "@tensorflow/tfjs-core";
import type { CallOptions } from "../call-options.ts";
import { expectRate } from "../expect-number.ts";
import { expectTensor } from "../expect-tensor.ts";
import { Module } from "../module.ts";
import { type ActiveDropout, dropout } from "../ops/dropout.ts";

/** Settings of {@link Dropout}. */
export interface DropoutConfig {
  /** Share of the elements that training sets to 0. */
  readonly rate: number;
}

/** Sets random elements to 0 while training, and does nothing otherwise. Draws from `options.random`. */
export class Dropout extends Module {
  readonly rate: number;

  constructor({ rate }: DropoutConfig) {
    super();
    expectRate(rate, "Dropout");
    this.rate = rate;
  }

  /** What `call` would do; undefined if it would change nothing, so that a layer can use its input without a copy. */
  active({ training, random }: CallOptions = {}): ActiveDropout | undefined {
    if (training !== true || this.rate === 0) return undefined;
    if (random === undefined) {
      throw new ConfigError(
        "Dropout: training with a rate above 0 needs random numbers; pass { training: true, random: new Random(seed) }",
      );
    }
    return { rate: this.rate, random };
  }

  call<T extends Tensor>(input: T, options: CallOptions = {}): T {
    const active = this.active(options);
    expectTensor(input, "Dropout.call: input", "float32");
    return active === undefined ? clone(input) : dropout(input, active.rate, active.random);
  }
}
