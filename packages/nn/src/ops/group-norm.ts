import { add, mul, relu, reshape, type Tensor1D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { ConfigError } from "@detrkit/common";
import { divides, expectEpsilon } from "../expect-number.ts";
import { expectFloats } from "../expect-tensor.ts";
import { runKernel } from "../tfjs-internals/index.ts";
import { firstOf } from "./first-of.ts";
import { hasKernel } from "./has-kernel.ts";
import { normalize } from "./normalize.ts";

/** The kernel of this op, where a backend has it. */
export const groupNormKernel = "DetrkitGroupNorm";
/** Of its gradient. */
export const groupNormGradientKernel = "DetrkitGroupNormGradient";

/**
 * Inputs: input, weight, bias, and a residual or none. Outputs: the result, mean and 1/deviation of each image's
 * channels.
 */
export interface GroupNormAttributes {
  readonly groups: number;
  readonly epsilon: number;
  readonly relu: boolean;
}

/** Settings of {@link groupNorm}, and what is added to its result. */
export interface GroupNormOptions {
  /** Number of groups that the channels are split into, in order. */
  readonly groups: number;
  /** Added to the variance. */
  readonly epsilon: number;
  readonly activation?: "relu" | undefined;
  /** Added to the result `[B, H, W, C]` before the activation. */
  readonly residual?: Tensor4D | undefined;
}

/**
 * Group norm, `activation(GN(input) + residual)`. `B` images, `H W` their size, `C` channels.
 *
 * @param input - `[B, H, W, C]`
 * @param weight - `[C]`
 * @param bias - `[C]`
 */
export function groupNorm(input: Tensor4D, weight: Tensor1D, bias: Tensor1D, options: GroupNormOptions): Tensor4D {
  const { groups, epsilon, activation, residual } = options;
  const { C } = expectFloats(weight, "groupNorm: weight", ["C"]);
  const { B, H, W } = expectFloats(input, "groupNorm: input", ["B", "H", "W", C]);
  expectFloats(bias, "groupNorm: bias", [C]);
  if (residual !== undefined) expectFloats(residual, "groupNorm: residual", input.shape);
  expectEpsilon(epsilon, "groupNorm");
  if (!divides(groups, C)) throw new ConfigError(`groupNorm: ${groups} groups do not divide ${C} channels`);
  if (hasKernel(groupNormKernel)) {
    const attributes: GroupNormAttributes = { groups, epsilon, relu: activation === "relu" };
    return firstOf(
      runKernel(groupNormKernel, [input, weight, bias, ...(residual === undefined ? [] : [residual])], attributes),
    );
  }
  return tidy(() => {
    const grouped = reshape(input, [B, H * W, groups, C / groups]);
    const normalised: Tensor4D = reshape(normalize(grouped, [1, 3], epsilon), [B, H, W, C]);
    let output: Tensor4D = add(mul(normalised, weight), bias);
    if (residual !== undefined) output = add(output, residual);
    return activation === "relu" ? relu(output) : output;
  });
}
