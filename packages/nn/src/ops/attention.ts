import { ConfigError, type Random } from "@detrkit/common";
import { matMul, reshape, type Tensor3D, type Tensor4D, tidy, transpose } from "@tensorflow/tfjs-core";
import { expectShape } from "../expect-shape.ts";
import { type AttentionWeightsInputs, attentionWeights, splitHeads } from "./attention-weights.ts";
import { dropout } from "./dropout.ts";

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
  const { S } = expectShape(operands.key.shape, "attention: key", ["B", "S", "D"]);
  expectShape(value.shape, "attention: value", [operands.query.shape[0], S, "D"]);
  return tidy(() => {
    let weights = attentionWeights(operands);
    if (dropoutRate > 0) {
      if (random === undefined) throw new ConfigError("attention: dropoutRate above 0 needs `random` to draw from");
      weights = dropout(weights, dropoutRate, random);
    }
    return weightedValues(weights, value, heads);
  });
}

/** `[B, N, Q, S]` weights on values `[B, S, D]`: `[B, Q, D]`. */
export function weightedValues(weights: Tensor4D, value: Tensor3D, heads: number): Tensor3D {
  const [B, , D] = value.shape;
  const Q = weights.shape[2];
  return tidy(() => reshape(transpose(matMul(weights, splitHeads(value, heads)) as Tensor4D, [0, 2, 1, 3]), [B, Q, D]));
}
