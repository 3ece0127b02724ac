import { Random } from "@detrkit/common";
import { mul, scalar, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { expectRate } from "../expect-number.ts";
import { expectTensor } from "../expect-tensor.ts";
import { runKernel } from "../tfjs-internals/index.ts";
import { hasKernel } from "./has-kernel.ts";

/** The kernel of this op, where a backend has it: also of its gradient, which drops by the same seed. */
export const dropoutKernel = "DetrkitDropout";

/** Inputs: input, seed. Output: the result. */
export interface DropoutAttributes {
  readonly rate: number;
}

/** Settings of dropout while it is active. */
export interface ActiveDropout {
  /** Above 0. */
  readonly rate: number;
  /** Where the seed is drawn from. */
  readonly random: Random;
}

/**
 * Sets each element to 0 with probability `rate` and multiplies the others by `1 / (1 - rate)`.
 * Takes exactly one number from `random`, however large the input, as the seed of its own stream.
 *
 * @param input - any shape
 */
export function dropout<T extends Tensor>(input: T, rate: number, random: Random): T {
  expectTensor(input, "dropout: input", "float32");
  expectRate(rate, "dropout");
  const seed = random.uint32();
  if (hasKernel(dropoutKernel)) {
    const attributes: DropoutAttributes = { rate };
    return tidy(() => runKernel(dropoutKernel, [input, scalar(seed | 0, "int32")], attributes)[0] as T);
  }
  return tidy(() => mul(input, tensor(keepFactors(input.size, rate, new Random(seed)), input.shape)));
}

function keepFactors(size: number, rate: number, random: Random): Float32Array {
  const factors = new Float32Array(size);
  const kept = 1 / (1 - rate);
  for (let index = 0; index < size; index++) {
    if (random.uniform() >= rate) factors[index] = kept;
  }
  return factors;
}
