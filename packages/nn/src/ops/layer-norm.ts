import { add, mul, type Tensor, type Tensor1D, tidy } from "@tensorflow/tfjs-core";
import { expectEpsilon } from "../expect-number.ts";
import { expectFloats, expectLastAxis } from "../expect-tensor.ts";
import { runKernel } from "../tfjs-internals/index.ts";
import { firstOf } from "./first-of.ts";
import { hasKernel } from "./has-kernel.ts";
import { normalize } from "./normalize.ts";

/** The kernel of this op, where a backend has it. */
export const layerNormKernel = "DetrkitLayerNorm";
/** Of its gradient. */
export const layerNormGradientKernel = "DetrkitLayerNormGradient";

/** Inputs: input, weight, bias, and a residual or none. Outputs: the result, mean and 1/deviation of each row. */
export interface LayerNormAttributes {
  readonly epsilon: number;
}

/**
 * Layer norm over the last axis, of the sum with `residual` where there is one: `LN(input + residual)`. `D` width.
 *
 * @param input - `[..., D]`
 * @param weight - `[D]`
 * @param bias - `[D]`
 * @param epsilon - added to the variance
 * @param residual - `[..., D]`
 */
export function layerNorm<T extends Tensor>(
  input: T,
  weight: Tensor1D,
  bias: Tensor1D,
  epsilon: number,
  residual?: T | undefined,
): T {
  const { D } = expectFloats(weight, "layerNorm: weight", ["D"]);
  expectLastAxis(input, "layerNorm: input", D);
  expectFloats(bias, "layerNorm: bias", [D]);
  if (residual !== undefined) expectFloats(residual, "layerNorm: residual", input.shape);
  expectEpsilon(epsilon, "layerNorm");
  if (hasKernel(layerNormKernel)) {
    const attributes: LayerNormAttributes = { epsilon };
    return firstOf(
      runKernel(layerNormKernel, [input, weight, bias, ...(residual === undefined ? [] : [residual])], attributes),
    );
  }
  return tidy(() => {
    const sum = residual === undefined ? input : add<T>(input, residual);
    return add(mul(normalize(sum, [-1], epsilon), weight), bias);
  });
}
