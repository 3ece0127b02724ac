import type { Dialect } from "../dialect.ts";
import { detectorBesideMasks, originalMaskHead } from "./mask-head.ts";
import { torchvisionBackbone, torchvisionIgnored } from "./torchvision-backbone.ts";

/** Keys of facebookresearch/detr: the content of `model` in its published checkpoints. */
export const originalDetr: Dialect = {
  name: "facebookresearch/detr",
  modules: [
    ...torchvisionBackbone,
    ["backbone.1.row_embed", "positionEncoding.rowEmbedding", "embedding"],
    ["backbone.1.col_embed", "positionEncoding.columnEmbedding", "embedding"],
    ["input_proj", "inputProjection", "convolution"],
    [
      "transformer.encoder.layers.{layer}.self_attn",
      "transformer.encoder.layers.{layer}.selfAttention",
      "packedAttention",
    ],
    ["transformer.encoder.layers.{layer}.norm1", "transformer.encoder.layers.{layer}.selfAttentionNorm", "norm"],
    ["transformer.encoder.layers.{layer}.linear1", "transformer.encoder.layers.{layer}.feedForward.expand", "linear"],
    ["transformer.encoder.layers.{layer}.linear2", "transformer.encoder.layers.{layer}.feedForward.contract", "linear"],
    ["transformer.encoder.layers.{layer}.norm2", "transformer.encoder.layers.{layer}.feedForwardNorm", "norm"],
    ["transformer.encoder.norm", "transformer.encoder.norm", "norm"],
    [
      "transformer.decoder.layers.{layer}.self_attn",
      "transformer.decoder.layers.{layer}.selfAttention",
      "packedAttention",
    ],
    ["transformer.decoder.layers.{layer}.norm1", "transformer.decoder.layers.{layer}.selfAttentionNorm", "norm"],
    [
      "transformer.decoder.layers.{layer}.multihead_attn",
      "transformer.decoder.layers.{layer}.crossAttention",
      "packedAttention",
    ],
    ["transformer.decoder.layers.{layer}.norm2", "transformer.decoder.layers.{layer}.crossAttentionNorm", "norm"],
    ["transformer.decoder.layers.{layer}.linear1", "transformer.decoder.layers.{layer}.feedForward.expand", "linear"],
    ["transformer.decoder.layers.{layer}.linear2", "transformer.decoder.layers.{layer}.feedForward.contract", "linear"],
    ["transformer.decoder.layers.{layer}.norm3", "transformer.decoder.layers.{layer}.feedForwardNorm", "norm"],
    ["transformer.decoder.norm", "transformer.decoder.norm", "norm"],
    ["query_embed", "queryEmbedding", "embedding"],
    ["class_embed", "classHead", "linear"],
    ["bbox_embed.layers.{layer}", "boxHead.layers.{layer}", "linear"],
    ...originalMaskHead,
  ],
  ignored: torchvisionIgnored,
  // Data parallel training; DETR with a mask head around it.
  wrappers: ["module.", "detr."],
  wrappedBeside: detectorBesideMasks,
};
