import { type CallOptions, type Linear, Module, MultiHeadAttention, type MultiHeadAttentionConfig } from "@detrkit/nn";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import type { Attention, AttentionInputs } from "./attention.ts";

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
}
