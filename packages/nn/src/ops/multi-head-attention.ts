import {
  add,
  type Rank,
  scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from "@tensorflow/tfjs-core";
import { expectRate } from "../expect-number.ts";
import { expectFloats } from "../expect-tensor.ts";
import { runKernel } from "../tfjs-internals/index.ts";
import { attention } from "./attention.ts";
import { attentionSizes } from "./attention-weights.ts";
import type { ActiveDropout } from "./dropout.ts";
import { firstOf } from "./first-of.ts";
import { linear } from "./linear.ts";
import { hasKernel } from "./has-kernel.ts";

/** The kernel of this op, where a backend has it. */
export const multiHeadAttentionKernel = "DetrkitMultiHeadAttention";
/** Of its gradient. */
export const multiHeadAttentionGradientKernel = "DetrkitMultiHeadAttentionGradient";

/**
 * Inputs: position of the memory, position of the queries, memory, queries, weight and bias of the query, key, value
 * and output projections, key padding mask, seed. Positions, queries and mask are given where their flags are set, the
 * seed where the rate is above 0. Without queries it is self-attention: the memory and its position are those of the
 * queries too. Outputs: the result, and what its gradient needs.
 */
export interface MultiHeadAttentionAttributes {
  readonly heads: number;
  /** Share of the attention weights that dropout sets to 0. */
  readonly rate: number;
  readonly memoryPosition: boolean;
  readonly queryPosition: boolean;
  readonly queries: boolean;
  readonly keyPaddingMask: boolean;
}

/** What attends to what. `B` images, `Q` queries, `S` keys, `D` width. */
export interface MultiHeadAttentionInputs {
  /** `[B, Q, D]` */
  readonly query: Tensor3D;
  /** Added to the queries: `[B, Q, D]`, or `[Q, D]` for all images. */
  readonly queryPosition?: Tensor<Rank.R2 | Rank.R3> | undefined;
  /** `[B, S, D]` */
  readonly key: Tensor3D;
  /** Added to the keys: `[B, S, D]`, or `[S, D]` for all images. */
  readonly keyPosition?: Tensor<Rank.R2 | Rank.R3> | undefined;
  /** `[B, S, D]` */
  readonly value: Tensor3D;
  /** Boolean `[B, S]`, true on keys that are padding. */
  readonly keyPaddingMask?: Tensor2D | undefined;
  /** `[Q, S]`: boolean, true where the query must not see the key; or floats that are added to the scores. */
  readonly attentionMask?: Tensor2D | undefined;
}

/** Weight `[D, D]` and bias `[D]` of a linear layer. */
export interface AttentionProjection {
  readonly weight: Tensor2D;
  readonly bias: Tensor1D;
}

/** The linear layers of a {@link multiHeadAttention}. */
export interface AttentionProjections {
  readonly query: AttentionProjection;
  readonly key: AttentionProjection;
  readonly value: AttentionProjection;
  readonly output: AttentionProjection;
}

/** Settings of {@link multiHeadAttention}. */
export interface MultiHeadAttentionOptions {
  readonly heads: number;
  /** Of the attention weights. */
  readonly dropout?: ActiveDropout | undefined;
}

/** {@link attention} between projected queries, keys and values, and a projection of its result: `[B, Q, D]`. */
export function multiHeadAttention(
  inputs: MultiHeadAttentionInputs,
  projections: AttentionProjections,
  options: MultiHeadAttentionOptions,
): Tensor3D {
  expectOperands(inputs, projections, options.heads);
  if (options.dropout !== undefined) expectRate(options.dropout.rate, "multiHeadAttention");
  // The kernel covers what a transformer needs: values that are the keys without positions, and no attention mask.
  if (inputs.value === inputs.key && inputs.attentionMask === undefined && hasKernel(multiHeadAttentionKernel)) {
    return fusedMultiHeadAttention(inputs, projections, options);
  }
  const { keyPaddingMask, attentionMask } = inputs;
  const { heads, dropout } = options;
  return tidy(() => {
    const projected = projectOperands(inputs, projections);
    const attended = attention({
      ...projected,
      heads,
      keyPaddingMask,
      attentionMask,
      dropoutRate: dropout?.rate,
      random: dropout?.random,
    });
    return linear(attended, projections.output.weight, projections.output.bias);
  });
}

/** Projected queries `[B, Q, D]`, keys and values `[B, S, D]`. */
export function projectOperands(
  { query, queryPosition, key, keyPosition, value }: MultiHeadAttentionInputs,
  projections: AttentionProjections,
): { readonly query: Tensor3D; readonly key: Tensor3D; readonly value: Tensor3D } {
  const project = (tokens: Tensor3D, { weight, bias }: AttentionProjection): Tensor3D => linear(tokens, weight, bias);
  const queries = positioned(query, queryPosition);
  const keys = key === query && keyPosition === queryPosition ? queries : positioned(key, keyPosition);
  return {
    query: project(queries, projections.query),
    key: project(keys, projections.key),
    value: project(value, projections.value),
  };
}

function positioned(tokens: Tensor3D, position: Tensor<Rank.R2 | Rank.R3> | undefined): Tensor3D {
  return position === undefined ? tokens : add(tokens, position);
}

function fusedMultiHeadAttention(
  inputs: MultiHeadAttentionInputs,
  projections: AttentionProjections,
  { heads, dropout }: MultiHeadAttentionOptions,
): Tensor3D {
  const { query: queries, queryPosition, key: memory, keyPosition: memoryPosition, keyPaddingMask } = inputs;
  const isSelfAttention = memory === queries && memoryPosition === queryPosition;
  return tidy(() => {
    const attributes: MultiHeadAttentionAttributes = {
      heads,
      rate: dropout?.rate ?? 0,
      memoryPosition: memoryPosition !== undefined,
      queryPosition: !isSelfAttention && queryPosition !== undefined,
      queries: !isSelfAttention,
      keyPaddingMask: keyPaddingMask !== undefined,
    };
    const weights = [projections.query, projections.key, projections.value, projections.output].flatMap(
      ({ weight, bias }) => [weight, bias],
    );
    const tokens = isSelfAttention ? [memoryPosition, memory] : [memoryPosition, queryPosition, memory, queries];
    const operands = [
      ...tokens,
      ...weights,
      keyPaddingMask,
      dropout === undefined ? undefined : scalar(dropout.random.uint32() | 0, "int32"),
    ];
    return firstOf<Tensor3D>(
      runKernel(
        multiHeadAttentionKernel,
        operands.filter((operand) => operand !== undefined),
        attributes,
      ),
    );
  });
}

/**
 * Checks all that a multi-head attention works on.
 *
 * @throws ShapeError where something does not fit, TensorError for other numbers than expected, ConfigError when the
 *   heads do not divide the width
 */
export function expectOperands(
  inputs: MultiHeadAttentionInputs,
  projections: AttentionProjections,
  heads: number,
): void {
  const { query, key, value, queryPosition, keyPosition, keyPaddingMask, attentionMask } = inputs;
  const { B, Q, S, D } = attentionSizes({ query, key, heads, keyPaddingMask, attentionMask });
  if (value !== key) expectFloats(value, "attention: value", [B, S, D]);
  expectPosition(queryPosition, "queryPosition", B, Q, D);
  expectPosition(keyPosition, "keyPosition", B, S, D);
  for (const { weight, bias } of [projections.query, projections.key, projections.value, projections.output]) {
    expectFloats(weight, "multiHeadAttention: weight", [D, D]);
    expectFloats(bias, "multiHeadAttention: bias", [D]);
  }
}

function expectPosition(position: Tensor | undefined, name: string, B: number, rows: number, D: number): void {
  if (position !== undefined)
    expectFloats(position, `multiHeadAttention: ${name}`, position.rank === 2 ? [rows, D] : [B, rows, D]);
}
