import { Dropout, type FeedForward, LayerNorm, Module } from "@detrkit/nn";
import { type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import type { Attention, AttentionInputs, TransformerCallOptions } from "./attention.ts";
import { residual, type ResidualStyle } from "./residual.ts";

/** The parts of a {@link DecoderLayer}. */
export interface DecoderLayerConfig {
  /** Width `D`. */
  readonly dim: number;
  /** Among the queries. */
  readonly selfAttention: Attention;
  /** From the queries to the memory. */
  readonly crossAttention: Attention;
  readonly feedForward: FeedForward;
  /** Share of each part's output that training sets to 0. Default 0. */
  readonly dropout?: number;
  /** Whether to normalise before each part instead of after it. Default false. */
  readonly preNorm?: boolean;
}

/** Self-attention, cross-attention and a feed-forward part, each with a residual connection and a layer norm. */
export class DecoderLayer extends Module {
  readonly selfAttention: Attention;
  readonly selfAttentionNorm: LayerNorm;
  readonly crossAttention: Attention;
  readonly crossAttentionNorm: LayerNorm;
  readonly feedForward: FeedForward;
  readonly feedForwardNorm: LayerNorm;
  readonly #style: ResidualStyle;

  constructor({ dim, selfAttention, crossAttention, feedForward, dropout = 0, preNorm = false }: DecoderLayerConfig) {
    super();
    this.selfAttention = selfAttention;
    this.selfAttentionNorm = new LayerNorm({ dim });
    this.crossAttention = crossAttention;
    this.crossAttentionNorm = new LayerNorm({ dim });
    this.feedForward = feedForward;
    this.feedForwardNorm = new LayerNorm({ dim });
    this.#style = { dropout: new Dropout({ rate: dropout }), preNorm };
  }

  /** @returns the queries after this layer `[B, Q, D]` */
  call(inputs: AttentionInputs, options: TransformerCallOptions = {}): Tensor3D {
    const { queryPosition: position } = inputs;
    const amongQueries = (queries: Tensor3D): Tensor3D =>
      this.selfAttention.call({ queries, queryPosition: position, memory: queries, memoryPosition: position }, options);
    const toMemory = (queries: Tensor3D): Tensor3D => {
      const operands = { ...inputs, queries };
      options.observeAttention?.({ part: "decoder", attention: this.crossAttention, inputs: operands });
      return this.crossAttention.call(operands, options);
    };
    const feed = (queries: Tensor3D): Tensor3D => this.feedForward.call(queries, options);
    return tidy(() => {
      const communicated = residual(inputs.queries, amongQueries, this.selfAttentionNorm, this.#style, options);
      const attended = residual(communicated, toMemory, this.crossAttentionNorm, this.#style, options);
      return residual(attended, feed, this.feedForwardNorm, this.#style, options);
    });
  }
}
