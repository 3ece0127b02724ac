import { ConfigError, type Random } from "@detrkit/common";
import {
  matMul,
  reshape,
  scalar,
  type Tensor3D,
  type Tensor4D,
  tensor1d,
  tidy,
  transpose,
} from "@tensorflow/tfjs-core";
import { expectRate } from "../expect-number.ts";
import { expectFloats } from "../expect-tensor.ts";
import { runKernel } from "../tfjs-internals/index.ts";
import { type AttentionWeightsInputs, attentionSizes, attentionWeights, splitHeads } from "./attention-weights.ts";
import { dropout } from "./dropout.ts";
import { firstOf } from "./first-of.ts";
import { hasKernel } from "./has-kernel.ts";

/** The kernel of this op, where a backend has it. */
export const attentionKernel = "DetrkitAttention";
/** Of its gradient. */
export const attentionGradientKernel = "DetrkitAttentionGradient";

/** Inputs: query, key, value, key padding mask (empty where there is none), seed. Output: the result. */
export interface AttentionAttributes {
  readonly heads: number;
  readonly rate: number;
}

/** What {@link attention} works on. */
export interface AttentionOperands extends AttentionWeightsInputs {
  /** Projected values `[B, S, D]`. */
  readonly value: Tensor3D;
  /** Share of the attention weights that is set to 0. Default 0. */
  readonly dropoutRate?: number | undefined;
  /** Needed where `dropoutRate` is above 0. */
  readonly random?: Random | undefined;
}

/**
 * Multi-head scaled dot product attention. `B` images, `Q` queries, `S` keys and values, `D` width.
 *
 * @returns for each query the mean of the values, weighted by {@link attentionWeights}: `[B, Q, D]`, heads side by side
 */
export function attention(operands: AttentionOperands): Tensor3D {
  const { value, heads, dropoutRate = 0, random } = operands;
  const { B, S, D } = attentionSizes(operands);
  expectFloats(value, "attention: value", [B, S, D]);
  expectRate(dropoutRate, "attention");
  if (dropoutRate > 0 && random === undefined)
    throw new ConfigError("attention: dropoutRate above 0 needs `random` to draw from");
  // An attention mask `[Q, S]` is rare and has no kernel.
  if (operands.attentionMask === undefined && hasKernel(attentionKernel)) return fusedAttention(operands);
  return tidy(() => {
    const weights = attentionWeights(operands);
    return weightedValues(
      dropoutRate > 0 && random !== undefined ? dropout(weights, dropoutRate, random) : weights,
      value,
      heads,
    );
  });
}

function fusedAttention({
  query,
  key,
  value,
  heads,
  keyPaddingMask,
  dropoutRate = 0,
  random,
}: AttentionOperands): Tensor3D {
  return tidy(() => {
    const seed = scalar(dropoutRate > 0 && random !== undefined ? random.uint32() | 0 : 0, "int32");
    const attributes: AttentionAttributes = { heads, rate: dropoutRate };
    return firstOf<Tensor3D>(
      runKernel(attentionKernel, [query, key, value, keyPaddingMask ?? tensor1d([], "bool"), seed], attributes),
    );
  });
}

/** `[B, M, Q, S]` weights on values `[B, S, D]`: `[B, Q, D]`. */
export function weightedValues(weights: Tensor4D, value: Tensor3D, heads: number): Tensor3D {
  const [B, , D] = value.shape;
  const Q = weights.shape[2];
  return tidy(() => reshape(transpose(matMul(weights, splitHeads(value, heads)) as Tensor4D, [0, 2, 1, 3]), [B, Q, D]));
}
