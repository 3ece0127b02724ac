import { scalar, type Tensor, type Tensor1D, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { expectRate } from "../expect-number.ts";
import { expectFloats, expectLastAxis } from "../expect-tensor.ts";
import { runKernel } from "../tfjs-internals/index.ts";
import type { Activation } from "./activation.ts";
import { type ActiveDropout, dropout } from "./dropout.ts";
import { linear } from "./linear.ts";
import { hasKernel } from "./has-kernel.ts";

/** The kernel of this op, where a backend has it. */
export const feedForwardKernel = "DetrkitFeedForward";
/** Of its gradient. */
export const feedForwardGradientKernel = "DetrkitFeedForwardGradient";

/** Inputs: input, two weights each followed by its bias, and a seed where the rate is above 0. Output: the result. */
export interface FeedForwardAttributes {
  /** Share of the hidden activations that dropout sets to 0. */
  readonly rate: number;
}

/** Weights of a {@link feedForward}. `D` width of input and output, `H` width in between. */
export interface FeedForwardWeights {
  /** `[D, H]`, bias `[H]` */
  readonly expand: Tensor2D;
  readonly expandBias: Tensor1D;
  /** `[H, D]`, bias `[D]` */
  readonly contract: Tensor2D;
  readonly contractBias: Tensor1D;
}

/** Settings of {@link feedForward}. */
export interface FeedForwardOptions {
  readonly activation: Activation;
  /** Of the hidden activations. */
  readonly dropout?: ActiveDropout | undefined;
}

/**
 * `dropout(activation(input @ expand + expandBias)) @ contract + contractBias` over the last axis.
 *
 * @param input - `[..., D]`
 * @returns `[..., D]`
 */
export function feedForward<T extends Tensor>(
  input: T,
  weights: FeedForwardWeights,
  { activation, dropout: active }: FeedForwardOptions,
): T {
  const { expand, expandBias, contract, contractBias } = weights;
  const { D, H } = expectFloats(expand, "feedForward: expand", ["D", "H"]);
  expectLastAxis(input, "feedForward: input", D);
  expectFloats(expandBias, "feedForward: expandBias", [H]);
  expectFloats(contract, "feedForward: contract", [H, D]);
  expectFloats(contractBias, "feedForward: contractBias", [D]);
  if (active !== undefined) expectRate(active.rate, "feedForward");
  return tidy(() => {
    if (activation === "relu" && hasKernel(feedForwardKernel)) {
      const attributes: FeedForwardAttributes = { rate: active?.rate ?? 0 };
      const seed = active === undefined ? [] : [scalar(active.random.uint32() | 0, "int32")];
      return runKernel(
        feedForwardKernel,
        [input, expand, expandBias, contract, contractBias, ...seed],
        attributes,
      )[0] as T;
    }
    const hidden = linear(input, expand, expandBias, activation);
    return linear(active === undefined ? hidden : dropout(hidden, active.rate, active.random), contract, contractBias);
  });
}
