import { Random } from "@detrkit/common";
import { type Activation, MultiHeadAttention } from "@detrkit/nn";
import { Transformer } from "@detrkit/transformer";
import {
  compareSubject,
  type Comparison,
  type Fixture,
  type Subject,
  tensorOf,
  toTensor,
} from "@detrkit/test-utils/recorded";
import { reshape, type Tensor, type Tensor2D, type Tensor3D, transpose, type Rank } from "@tensorflow/tfjs-core";

interface TransformerCase {
  readonly d_model: number;
  readonly nhead: number;
  readonly num_encoder_layers: number;
  readonly num_decoder_layers: number;
  readonly dim_feedforward: number;
  readonly activation: Activation;
  readonly normalize_before: boolean;
  readonly return_intermediate_dec: boolean;
}

interface AttentionCase {
  readonly embed_dim: number;
  readonly num_heads: number;
}

/** A whole transformer, or one multi-head attention, by what `config` says. */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const config = fixture.json["config"] as TransformerCase | AttentionCase;
  return compareSubject(fixture, "embed_dim" in config ? attentionOf(fixture, config) : transformerOf(fixture, config));
}

function transformerOf(fixture: Fixture, config: TransformerCase): Subject {
  const transformer = new Transformer({
    dim: config.d_model,
    heads: config.nhead,
    encoderLayers: config.num_encoder_layers,
    decoderLayers: config.num_decoder_layers,
    feedForwardDim: config.dim_feedforward,
    activation: config.activation,
    preNorm: config.normalize_before,
    returnIntermediate: config.return_intermediate_dec,
    dropout: 0,
    random: new Random(0),
  });
  const mask = tensorOf(fixture, "in.mask");
  const [B, H, W] = mask.shape as readonly [number, number, number];
  const paddingMask = reshape(toTensor(fixture, "in.mask", "bool"), [B, H * W]) as Tensor2D;
  const tokens = (map: Tensor): Tensor3D => reshape(transpose(map, [0, 2, 3, 1]), [B, H * W, config.d_model]);
  return {
    module: transformer,
    names: { keyPrefix: "transformer.", pathPrefix: "transformer." },
    inputs: ["src", "query_embed", "pos_embed"],
    call: (source, queryPosition, position) => {
      const { states, memory } = transformer.call({
        tokens: tokens(source as Tensor),
        position: tokens(position as Tensor),
        paddingMask,
        queryPosition: queryPosition as Tensor2D,
      });
      return { hs: states, memory: reshape(transpose(memory, [0, 2, 1]), [B, config.d_model, H, W]) };
    },
  };
}

function attentionOf(fixture: Fixture, config: AttentionCase): Subject {
  const attention = new MultiHeadAttention({ dim: config.embed_dim, heads: config.num_heads, random: new Random(0) });
  const mask = (prefix: string): Tensor2D | undefined => {
    const [name, recorded] = [...fixture.tensors].find(([key]) => key.startsWith(prefix)) ?? [];
    return name === undefined
      ? undefined
      : toTensor<Rank.R2>(fixture, name, recorded?.data instanceof Uint8Array ? "bool" : "float32");
  };
  const keyPaddingMask = mask("in.key_padding_mask");
  const attentionMask = mask("in.attn_mask");
  // PyTorch's module takes [tokens, batch, width].
  const swapped = (tokens: Tensor | undefined): Tensor3D => transpose(tokens as Tensor3D, [1, 0, 2]);
  return {
    module: attention,
    names: {
      keyPrefix: "transformer.encoder.layers.0.self_attn.",
      pathPrefix: "transformer.encoder.layers.0.selfAttention.",
    },
    inputs: ["query", "key", "value"],
    call: (query, key, value) => {
      const inputs = { query: swapped(query), key: swapped(key), value: swapped(value), keyPaddingMask, attentionMask };
      const { output, weights } = attention.callWithWeights(inputs);
      return { output: swapped(output), weights_averaged: weights };
    },
  };
}
