import { CheckpointError } from "@detrkit/common";
import { joinFirstAxis } from "../layouts.ts";
import type { TensorData } from "../tensor-data.ts";

type Rule = readonly [theirs: RegExp, originals: string];

/** The backbone under timm's names, which are torchvision's, and under the names of Transformers itself. */
const backbone: readonly Rule[] = [
  [/^embedder\.embedder\.convolution\./, "conv1."],
  [/^embedder\.embedder\.normalization\./, "bn1."],
  [/^encoder\.stages\.(\d+)\.layers\.(\d+)\.shortcut\.convolution\./, "layer{1+1}.$2.downsample.0."],
  [/^encoder\.stages\.(\d+)\.layers\.(\d+)\.shortcut\.normalization\./, "layer{1+1}.$2.downsample.1."],
  [/^encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\.convolution\./, "layer{1+1}.$2.conv{3+1}."],
  [/^encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\.normalization\./, "layer{1+1}.$2.bn{3+1}."],
];

/** The parts of a layer in both models. The norms follow below, because the originals number them differently. */
const layer: readonly Rule[] = [
  [/^(?:mlp\.)?fc1\./, "linear1."],
  [/^(?:mlp\.)?fc2\./, "linear2."],
  [/^self_attn\.o(?:ut)?_proj\./, "self_attn.out_proj."],
];
const encoderLayer: readonly Rule[] = [
  ...layer,
  [/^self_attn_layer_norm\./, "norm1."],
  [/^final_layer_norm\./, "norm2."],
];
const detrDecoderLayer: readonly Rule[] = [
  ...layer,
  [/^encoder_attn\.o(?:ut)?_proj\./, "multihead_attn.out_proj."],
  [/^encoder_attn\./, "multihead_attn."],
  [/^self_attn_layer_norm\./, "norm1."],
  [/^encoder_attn_layer_norm\./, "norm2."],
  [/^final_layer_norm\./, "norm3."],
];
const deformableDecoderLayer: readonly Rule[] = [
  ...layer,
  [/^encoder_attn\./, "cross_attn."],
  [/^self_attn_layer_norm\./, "norm2."],
  [/^encoder_attn_layer_norm\./, "norm1."],
  [/^final_layer_norm\./, "norm3."],
];

/** The mask head: since 2026 under names of its own, before that under the original's. */
const maskHead: readonly Rule[] = [
  [/^bbox_attention\.([qk])_proj\./, "bbox_attention.$1_linear."],
  [/^mask_head\.conv(\d)\.conv\./, "mask_head.lay$1."],
  [/^mask_head\.conv(\d)\.norm\./, "mask_head.gn$1."],
  [/^mask_head\.fpn_stages\.(\d+)\.fpn_adapter\./, "mask_head.adapter{1+1}."],
  [/^mask_head\.fpn_stages\.(\d+)\.refine\.conv\./, "mask_head.lay{1+3}."],
  [/^mask_head\.fpn_stages\.(\d+)\.refine\.norm\./, "mask_head.gn{1+3}."],
  [/^mask_head\.output_conv\./, "mask_head.out_lay."],
];

/** Everything else of both models. */
const others: readonly Rule[] = [
  ...maskHead,
  [/^model\.(?:backbone\.)?position_embedding\.row_embeddings\./, "backbone.1.row_embed."],
  [/^model\.(?:backbone\.)?position_embedding\.column_embeddings\./, "backbone.1.col_embed."],
  [/^model\.input_projection\./, "input_proj."],
  [/^model\.input_proj\./, "input_proj."],
  [/^model\.query_position_embeddings\./, "query_embed."],
  [/^model\.encoder\.layernorm\./, "transformer.encoder.norm."],
  [/^model\.decoder\.layernorm\./, "transformer.decoder.norm."],
  [/^model\.decoder\.(bbox|class)_embed\./, "transformer.decoder.$1_embed."],
  [
    /^model\.(level_embed|reference_points|enc_output|enc_output_norm|pos_trans|pos_trans_norm)(\.|$)/,
    "transformer.$1$2",
  ],
  [/^class_labels_classifier\./, "class_embed."],
  [/^bbox_predictor\./, "bbox_embed."],
];

/** Whether a state dict has the names of Hugging Face's Transformers. */
export function isHuggingFace(keys: Iterable<string>): boolean {
  return [...keys].some((key) => /^(?:detr\.)?model\.(?:input_projection|input_proj\.0\.0)\./.test(key));
}

/**
 * Converts a DETR or Deformable DETR of Hugging Face's Transformers to the names of the authors' code, with queries,
 * keys and values packed as there, so that the dialects of the originals can read it. It knows the names of all
 * releases so far: with timm's or their own backbone, with and without `conv_encoder`, `out_proj` or `o_proj`, `fc1` or
 * `mlp.fc1`. Other keys stay as they are.
 *
 * @throws CheckpointError if an attention lacks its queries, keys or values
 */
export function huggingFaceToOriginal(stateDict: ReadonlyMap<string, TensorData>): ReadonlyMap<string, TensorData> {
  const isDeformable = [...stateDict.keys()].some((key) => key.includes("sampling_offsets"));
  const renamed = new Map([...stateDict].map(([key, data]) => [originalKey(key, isDeformable), data]));
  return withOwnHeads(withPackedAttention(renamed));
}

function originalKey(key: string, isDeformable: boolean): string {
  const name = key.replace(/^detr\./, "");
  const [, ofBackbone] = /^model\.backbone\.(?:conv_encoder\.)?model\.(.*)$/.exec(name) ?? [];
  if (ofBackbone !== undefined) return `backbone.0.body.${apply(backbone, ofBackbone)}`;
  const [, part, index, ofLayer] = /^model\.(encoder|decoder)\.layers\.(\d+)\.(.*)$/.exec(name) ?? [];
  if (ofLayer === undefined) return apply(others, name);
  const rules = part === "encoder" ? encoderLayer : isDeformable ? deformableDecoderLayer : detrDecoderLayer;
  return `transformer.${part}.layers.${index}.${apply(rules, ofLayer)}`;
}

/** Applies the first rule that matches; `{1+3}` in it stands for the first number found plus three. */
function apply(rules: readonly Rule[], name: string): string {
  const rule = rules.find(([theirs]) => theirs.test(name));
  if (rule === undefined) return name;
  const [theirs, originals] = rule;
  const numbers = theirs.exec(name) ?? [];
  return name.replace(
    theirs,
    originals.replaceAll(/\{(\d)\+(\d)\}/g, (_, group: string, more: string) =>
      String(Number(numbers[Number(group)]) + Number(more)),
    ),
  );
}

const projection = /^(.*)\.([qkv])_proj\.(weight|bias)$/;

function withPackedAttention(stateDict: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  const packed = new Map<string, TensorData>();
  for (const [key, data] of stateDict) {
    const [, attention, which, kind] = projection.exec(key) ?? [];
    if (which === undefined) packed.set(key, data);
    if (which !== "q") continue;
    const [queries, keys, values] = ["q", "k", "v"].map((letter) =>
      stateDict.get(`${attention}.${letter}_proj.${kind}`),
    );
    if (queries === undefined || keys === undefined || values === undefined) {
      throw new CheckpointError(`"${attention}" has queries, but lacks keys or values; is it the whole model?`);
    }
    packed.set(`${attention}.in_proj_${kind}`, joinFirstAxis([queries, keys, values], `${attention}.in_proj_${kind}`));
  }
  return packed;
}

/**
 * Shared heads are saved under one name: box heads under the decoder's, class heads under the first layer's if all
 * layers share them. The original stores them under every name.
 */
function withOwnHeads(stateDict: Map<string, TensorData>): ReadonlyMap<string, TensorData> {
  for (const [key, data] of stateDict) {
    const ofDecoder = /^transformer\.decoder\.((?:bbox|class)_embed\..*)$/.exec(key)?.[1];
    if (ofDecoder !== undefined && !stateDict.has(ofDecoder)) stateDict.set(ofDecoder, data);
  }
  for (const key of stateDict.keys()) {
    const [, head, kind] = /^bbox_embed\.(\d+)\.layers\.0\.(weight|bias)$/.exec(key) ?? [];
    const [own, first] = [`class_embed.${head}.${kind}`, stateDict.get(`class_embed.0.${kind}`)];
    if (head !== undefined && first !== undefined && !stateDict.has(own)) stateDict.set(own, first);
  }
  return stateDict;
}
