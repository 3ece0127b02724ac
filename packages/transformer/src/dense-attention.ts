import { type CallOptions, type Linear, Module, MultiHeadAttention, type MultiHeadAttentionConfig } from "@detrkit/nn";
import { add, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import type { Attention, AttentionInputs, Position } from "./attention.ts";

/** Every query attends to every token of the memory. Positions are added to queries and keys, never to values. */
export class DenseAttention extends Module implements Attention {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  /** Private, so that the projections' paths have no level more than those of a `MultiHeadAttention`. */
  readonly #attention: MultiHeadAttention;

  constructor(config: MultiHeadAttentionConfig) {
    super();
    this.#attention = new MultiHeadAttention(config);
    this.query = this.#attention.query;
    this.key = this.#attention.key;
    this.value = this.#attention.value;
    this.output = this.#attention.output;
  }

  call({ queries, queryPosition, memory, memoryPosition, memoryPadding }: AttentionInputs, options: CallOptions = {}): Tensor3D {
    return tidy(() => {
      const query = positioned(queries, queryPosition);
      const isSelfAttention = memory === queries && memoryPosition === queryPosition;
      const key = isSelfAttention ? query : positioned(memory, memoryPosition);
      return this.#attention.call({ query, key, value: memory, keyPadding: memoryPadding }, options);
    });
  }
}

function positioned(tokens: Tensor3D, position: Position | undefined): Tensor3D {
  return position === undefined ? tokens : add(tokens, position);
}
