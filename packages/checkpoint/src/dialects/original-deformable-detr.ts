import type { Dialect, ModuleAlias } from "../dialect.ts";
import { detectorBesideMasks } from "./mask-head.ts";
import { torchvisionBackbone, torchvisionIgnored } from "./torchvision-backbone.ts";

// With box refinement the decoder holds the box heads too; with two stages also the class heads, the last of which is
// the encoder's.
const decoderBoxHeads: ModuleAlias = {
  alias: "transformer.decoder.bbox_embed.{head}.layers.{layer}",
  of: "bbox_embed.{head}.layers.{layer}",
  kind: "linear",
};
const decoderClassHeads: ModuleAlias = {
  alias: "transformer.decoder.class_embed.{head}",
  of: "class_embed.{head}",
  kind: "linear",
  where: /^transformer\.enc_output\./,
};

/** Keys of fundamentalvision/Deformable-DETR: the content of `model` in its published checkpoints, all variants. */
export const originalDeformableDetr: Dialect = {
  name: "fundamentalvision/Deformable-DETR",
  modules: [
    ...torchvisionBackbone,
    ["input_proj.{level}.0", "inputProjections.{level}.convolution", "convolution"],
    ["input_proj.{level}.1", "inputProjections.{level}.norm", "norm"],
    ["transformer.level_embed", "levelEmbedding", "bareEmbedding"],
    [
      "transformer.encoder.layers.{layer}.self_attn",
      "transformer.encoder.layers.{layer}.selfAttention",
      "deformableAttention",
    ],
    ["transformer.encoder.layers.{layer}.norm1", "transformer.encoder.layers.{layer}.selfAttentionNorm", "norm"],
    ["transformer.encoder.layers.{layer}.linear1", "transformer.encoder.layers.{layer}.feedForward.expand", "linear"],
    ["transformer.encoder.layers.{layer}.linear2", "transformer.encoder.layers.{layer}.feedForward.contract", "linear"],
    ["transformer.encoder.layers.{layer}.norm2", "transformer.encoder.layers.{layer}.feedForwardNorm", "norm"],
    [
      "transformer.decoder.layers.{layer}.self_attn",
      "transformer.decoder.layers.{layer}.selfAttention",
      "packedAttention",
    ],
    // Numbered in the order of the original's constructor, not of its computation: self-attention comes first, but has
    // norm2.
    ["transformer.decoder.layers.{layer}.norm2", "transformer.decoder.layers.{layer}.selfAttentionNorm", "norm"],
    [
      "transformer.decoder.layers.{layer}.cross_attn",
      "transformer.decoder.layers.{layer}.crossAttention",
      "deformableAttention",
    ],
    ["transformer.decoder.layers.{layer}.norm1", "transformer.decoder.layers.{layer}.crossAttentionNorm", "norm"],
    ["transformer.decoder.layers.{layer}.linear1", "transformer.decoder.layers.{layer}.feedForward.expand", "linear"],
    ["transformer.decoder.layers.{layer}.linear2", "transformer.decoder.layers.{layer}.feedForward.contract", "linear"],
    ["transformer.decoder.layers.{layer}.norm3", "transformer.decoder.layers.{layer}.feedForwardNorm", "norm"],
    ["query_embed", "queries.queryEmbedding", "embedding"],
    ["transformer.reference_points", "queries.referencePoints", "linear"],
    ["transformer.enc_output", "queries.encoderOutput", "linear"],
    ["transformer.enc_output_norm", "queries.encoderOutputNorm", "norm"],
    ["transformer.pos_trans", "queries.queryProjection", "linear"],
    ["transformer.pos_trans_norm", "queries.queryProjectionNorm", "norm"],
    ["class_embed.{head}", "classHeads.{head}", "linear"],
    ["bbox_embed.{head}.layers.{layer}", "boxHeads.{head}.layers.{layer}", "linear"],
  ],
  aliases: [
    { ...decoderBoxHeads, where: /^bbox_embed\.1\./ },
    decoderClassHeads,
    // Without box refinement all decoder layers share their heads.
    {
      alias: "class_embed.{decoderLayer+1}",
      of: "class_embed.0",
      kind: "linear",
      unless: /^transformer\.decoder\.bbox_embed\./,
      forEach: "transformer.decoder.layers.{decoderLayer+1}.norm1.weight",
    },
    {
      alias: "bbox_embed.{decoderLayer+1}.layers.{layer}",
      of: "bbox_embed.0.layers.{layer}",
      kind: "linear",
      unless: /^transformer\.decoder\.bbox_embed\./,
      forEach: "transformer.decoder.layers.{decoderLayer+1}.norm1.weight",
    },
  ],
  // Its mask head does not run with this model, so that nobody has weights of one.
  ignored: [...torchvisionIgnored, detectorBesideMasks.keys],
  // Data parallel training.
  wrappers: ["module."],
};

/**
 * The same for writing models with box refinement. Only one with a single decoder layer needs it: it has as many heads
 * as one without refinement, so {@link originalDeformableDetr} can't tell from its tensors that the decoder holds them
 * too.
 */
export const originalRefiningDeformableDetr: Dialect = {
  ...originalDeformableDetr,
  aliases: [decoderBoxHeads, decoderClassHeads],
};
