import { type CallOptions, type Linear, Module, MultiHeadAttention, type MultiHeadAttentionConfig } from "@detrkit/nn";
import { type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import type { AttendedPlaces, Attention, AttentionInputs } from "./attention.ts";

/** Every query attends to every token of the memory. Positions are added to queries and keys, never to values. */
export class DenseAttention extends Module implements Attention {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  /** Private, so that parameter paths are those of a `MultiHeadAttention`, without another level. */
  readonly #attention: MultiHeadAttention;

  constructor(config: MultiHeadAttentionConfig) {
    super();
    this.#attention = new MultiHeadAttention(config);
    this.query = this.#attention.query;
    this.key = this.#attention.key;
    this.value = this.#attention.value;
    this.output = this.#attention.output;
  }

  call(
    { queries, queryPosition, memory, memoryPosition, memoryPaddingMask }: AttentionInputs,
    options: CallOptions = {},
  ): Tensor3D {
    const keys = { key: memory, keyPosition: memoryPosition, value: memory, keyPaddingMask: memoryPaddingMask };
    return this.#attention.call({ query: queries, queryPosition, ...keys }, options);
  }

  /** The weight of every token of the memory, mean of the heads: `[B, Q, S]`. */
  attendedPlaces({
    queries,
    queryPosition,
    memory,
    memoryPosition,
    memoryPaddingMask,
  }: AttentionInputs): AttendedPlaces {
    const keys = { key: memory, keyPosition: memoryPosition, value: memory, keyPaddingMask: memoryPaddingMask };
    const weights = tidy(() => this.#attention.callWithWeights({ query: queries, queryPosition, ...keys }).weights);
    return { kind: "dense", weights };
  }
}
