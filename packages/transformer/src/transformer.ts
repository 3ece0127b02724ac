import type { Random } from "@detrkit/common";
import { type Activation, expectShape, FeedForward, LayerNorm, Module, xavierUniform } from "@detrkit/nn";
import { type Tensor3D, type Tensor4D, tidy, zeros } from "@tensorflow/tfjs-core";
import type { AttentionFactory, Position, TransformerCallOptions } from "./attention.ts";
import { beginWithEqualBiases } from "./begin-with-equal-biases.ts";
import { DecoderLayer } from "./decoder-layer.ts";
import { DenseAttention } from "./dense-attention.ts";
import { type EncoderInputs, EncoderLayer } from "./encoder-layer.ts";
import { TransformerDecoder } from "./transformer-decoder.ts";
import { TransformerEncoder } from "./transformer-encoder.ts";

/** Sizes of a {@link Transformer}, and the attentions of its layers. */
export interface TransformerConfig {
  /** Width `D`. */
  readonly dim: number;
  /** Heads of each attention, a divisor of `dim`. */
  readonly heads: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  /** Width inside the feed-forward parts. */
  readonly feedForwardDim: number;
  /** Of attention weights, of what is inside the feed-forward parts, and of each part's output. Default 0.1. */
  readonly dropout?: number;
  /** Of the feed-forward parts. Default `relu`. */
  readonly activation?: Activation;
  /** Whether each part is normalised before it runs instead of after. Default false. */
  readonly preNorm?: boolean;
  /** Whether the decoder's states go through a layer norm that they share. Default true. */
  readonly decoderNorm?: boolean;
  /** Whether the states of all decoder layers are returned, or only of the last. Default true. */
  readonly returnIntermediate?: boolean;
  /** Self-attention of each encoder layer. Default dense. */
  readonly encoderAttention?: AttentionFactory;
  /** Cross-attention of each decoder layer. Default dense. */
  readonly decoderAttention?: AttentionFactory;
  readonly random: Random;
}

/** What a {@link Transformer} works on. `B` images, `S` tokens, `Q` queries, `D` width. */
export interface TransformerInputs extends EncoderInputs {
  /** What tells the queries apart: `[Q, D]` or `[B, Q, D]`. */
  readonly queryPosition: Position;
}

/** What a {@link Transformer} returns. `L` decoder layers, `B` images, `Q` queries, `S` tokens, `D` width. */
export type TransformerOutput = {
  /** Queries after each decoder layer, normalised unless `decoderNorm` is off, `[L, B, Q, D]`, the last one last. */
  readonly states: Tensor4D;
  /** What the encoder makes of the tokens `[B, S, D]`. */
  readonly memory: Tensor3D;
};

/** DETR's encoder and decoder. Queries start at 0; positions are added in every layer, to queries and keys only. */
export class Transformer extends Module {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(config: TransformerConfig) {
    super();
    const {
      dim,
      heads,
      random,
      dropout = 0.1,
      preNorm = false,
      decoderNorm = true,
      returnIntermediate = true,
    } = config;
    const dense: AttentionFactory = () =>
      new DenseAttention({ dim, heads, dropout, outputInitializer: xavierUniform(), random });
    const {
      encoderAttention = dense,
      decoderAttention = dense,
      activation = "relu",
      feedForwardDim: hiddenDim,
    } = config;
    // The parts of a layer are made in the order in which the layer uses them: it decides what each draws from
    // `random`.
    const rest = () => ({
      feedForward: new FeedForward({ dim, hiddenDim, activation, dropout, weightInitializer: xavierUniform(), random }),
      dim,
      dropout,
      preNorm,
    });
    this.encoder = new TransformerEncoder({
      layers: Array.from(
        { length: config.encoderLayers },
        (_, layer) => new EncoderLayer({ selfAttention: encoderAttention(layer), ...rest() }),
      ),
      ...(preNorm ? { norm: new LayerNorm({ dim }) } : {}),
    });
    this.decoder = new TransformerDecoder({
      layers: Array.from(
        { length: config.decoderLayers },
        (_, layer) =>
          new DecoderLayer({ selfAttention: dense(layer), crossAttention: decoderAttention(layer), ...rest() }),
      ),
      norm: decoderNorm ? new LayerNorm({ dim }) : undefined,
      returnIntermediate,
    });
    beginWithEqualBiases(this.encoder.layers);
    beginWithEqualBiases(this.decoder.layers);
  }

  call(inputs: TransformerInputs, options: TransformerCallOptions = {}): TransformerOutput {
    const { queryPosition, ...encoderInputs } = inputs;
    const { B, D } = expectShape(inputs.tokens.shape, "Transformer.call: tokens", ["B", "S", "D"]);
    const [Q] = queryPosition.shape.slice(-2) as [number, number];
    expectShape(
      queryPosition.shape,
      "Transformer.call: queryPosition",
      queryPosition.rank === 2 ? ["Q", D] : [B, "Q", D],
    );
    return tidy(() => {
      const memory = this.encoder.call(encoderInputs, options);
      const { position: memoryPosition, paddingMask: memoryPaddingMask, levelShapes } = inputs;
      const queries: Tensor3D = zeros([B, Q, D]);
      const states = this.decoder.call(
        { queries, queryPosition, memory, memoryPosition, memoryPaddingMask, levelShapes },
        options,
      );
      return { states, memory };
    });
  }
}
