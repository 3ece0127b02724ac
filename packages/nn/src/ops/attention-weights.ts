import {
  add,
  cast,
  matMul,
  maximum,
  mul,
  reshape,
  softmax,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
  transpose,
} from "@tensorflow/tfjs-core";
import { ConfigError } from "@detrkit/common";
import { divides } from "../expect-number.ts";
import { expectShape } from "../expect-shape.ts";
import { expectFloats, expectTensor } from "../expect-tensor.ts";

/** What decides how much each query attends to each key. */
export interface AttentionWeightsInputs {
  /** Projected queries `[B, Q, D]`. */
  readonly query: Tensor3D;
  /** Projected keys `[B, S, D]`. */
  readonly key: Tensor3D;
  /** Number of heads `M`, a divisor of `D`. */
  readonly heads: number;
  /** Boolean `[B, S]`, true on keys that are padding: nobody attends to them. */
  readonly keyPaddingMask?: Tensor2D | undefined;
  /** `[Q, S]`: boolean, true where the query must not see the key; or floats that are added to the scores. */
  readonly attentionMask?: Tensor2D | undefined;
}

/** Stands for minus infinity: its exponential is 0, but a fully masked row becomes uniform instead of NaN. */
const masked = -1e30;

/**
 * Softmax over the keys of the scaled products of queries and keys, per head. `B` images, `Q` queries, `S` keys, `D`
 * width, `M` heads.
 *
 * @returns `[B, M, Q, S]`, summing to 1 over `S`
 */
export function attentionWeights(inputs: AttentionWeightsInputs): Tensor4D {
  const { query, key, heads, keyPaddingMask, attentionMask } = inputs;
  const { B, S, D } = attentionSizes(inputs);
  return tidy(() => {
    const scaled = mul<Tensor3D>(query, 1 / Math.sqrt(D / heads));
    let scores: Tensor4D = matMul(splitHeads(scaled, heads), splitHeads(key, heads), false, true); // [B, M, Q, S]
    if (keyPaddingMask !== undefined) scores = add(scores, reshape(scoreMask(keyPaddingMask), [B, 1, 1, S]));
    if (attentionMask !== undefined) scores = add(scores, scoreMask(attentionMask));
    return softmax(scores);
  });
}

/**
 * The sizes of an attention by letter, after a check that all shapes fit each other.
 *
 * @throws ShapeError when they don't, TensorError for other numbers than expected, ConfigError when the heads do not
 *   divide the width
 */
export function attentionSizes(inputs: AttentionWeightsInputs): {
  readonly B: number;
  readonly Q: number;
  readonly S: number;
  readonly D: number;
} {
  const { query, key, heads, keyPaddingMask, attentionMask } = inputs;
  const { B, Q, D } = expectFloats(query, "attention: query", ["B", "Q", "D"]);
  const { S } = expectFloats(key, "attention: key", [B, "S", D]);
  if (keyPaddingMask !== undefined) {
    expectTensor(keyPaddingMask, "attention: keyPaddingMask", "bool");
    expectShape(keyPaddingMask.shape, "attention: keyPaddingMask", [B, S]);
  }
  if (attentionMask !== undefined) {
    expectTensor(attentionMask, "attention: attentionMask", attentionMask.dtype === "bool" ? "bool" : "float32");
    expectShape(attentionMask.shape, "attention: attentionMask", [Q, S]);
  }
  if (!divides(heads, D)) throw new ConfigError(`attention: ${heads} heads do not divide a width of ${D}`);
  return { B, Q, S, D };
}

/** Splits the width among the heads: `[B, S, D]` to `[B, M, S, D/M]`. */
export function splitHeads(tokens: Tensor3D, heads: number): Tensor4D {
  const [B, S, D] = tokens.shape;
  return transpose(reshape(tokens, [B, S, heads, D / heads]), [0, 2, 1, 3]);
}

function scoreMask(mask: Tensor): Tensor {
  return mask.dtype === "bool" ? mul(cast(mask, "float32"), masked) : maximum(mask, masked);
}
