import { Dropout, type FeedForward, type ImageSize, LayerNorm, Module } from "@detrkit/nn";
import { type Tensor, type Tensor2D, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import type { Attention, Position, TransformerCallOptions } from "./attention.ts";
import { residual, type ResidualStyle } from "./residual.ts";

/** The parts of an {@link EncoderLayer}. */
export interface EncoderLayerConfig {
  /** Width `D`. */
  readonly dim: number;
  readonly selfAttention: Attention;
  readonly feedForward: FeedForward;
  /** Share of each part's output that training sets to 0. Default 0. */
  readonly dropout?: number;
  /** Whether to normalise before each part instead of after it. Default false. */
  readonly preNorm?: boolean;
}

/** What an encoder works on. `B` images, `S` tokens, `D` width, `L` levels. */
export interface EncoderInputs {
  /** `[B, S, D]` */
  readonly tokens: Tensor3D;
  /** Added to queries and keys of every layer: `[B, S, D]` or `[S, D]`. */
  readonly position?: Position | undefined;
  /** Boolean `[B, S]`, true on padding. */
  readonly paddingMask?: Tensor2D | undefined;
  /** See `AttentionInputs`. */
  readonly referencePoints?: Tensor | undefined;
  readonly levelShapes?: readonly ImageSize[] | undefined;
}

/** Self-attention and a feed-forward part, each with a residual connection and a layer norm. */
export class EncoderLayer extends Module {
  readonly selfAttention: Attention;
  readonly selfAttentionNorm: LayerNorm;
  readonly feedForward: FeedForward;
  readonly feedForwardNorm: LayerNorm;
  readonly #style: ResidualStyle;

  constructor({ dim, selfAttention, feedForward, dropout = 0, preNorm = false }: EncoderLayerConfig) {
    super();
    this.selfAttention = selfAttention;
    this.selfAttentionNorm = new LayerNorm({ dim });
    this.feedForward = feedForward;
    this.feedForwardNorm = new LayerNorm({ dim });
    this.#style = { dropout: new Dropout({ rate: dropout }), preNorm };
  }

  /** @returns `[B, S, D]` */
  call(inputs: EncoderInputs, options: TransformerCallOptions = {}): Tensor3D {
    const { position, paddingMask, referencePoints, levelShapes } = inputs;
    const where = {
      queryPosition: position,
      memoryPosition: position,
      memoryPaddingMask: paddingMask,
      referencePoints,
      levelShapes,
    };
    const attend = (tokens: Tensor3D): Tensor3D => {
      const operands = { queries: tokens, memory: tokens, ...where };
      options.observeAttention?.({ part: "encoder", attention: this.selfAttention, inputs: operands });
      return this.selfAttention.call(operands, options);
    };
    const feed = (tokens: Tensor3D): Tensor3D => this.feedForward.call(tokens, options);
    return tidy(() => {
      const attended = residual(inputs.tokens, attend, this.selfAttentionNorm, this.#style, options);
      return residual(attended, feed, this.feedForwardNorm, this.#style, options);
    });
  }
}
