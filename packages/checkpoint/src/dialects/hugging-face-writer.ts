import { CheckpointError } from "@detrkit/common";
import { splitFirstAxis } from "../layouts.ts";
import { detectorBesideMasks } from "./mask-head.ts";
import type { TensorData } from "../tensor-data.ts";

/**
 * Whose ResNet the backbone is in a model of Transformers: its own, which it builds with any widths and depths, or
 * timm's, which it needs for a dilated last stage (DC5). timm's has torchvision's names.
 */
export type HuggingFaceBackbone = "transformers" | "timm";

type Rule = readonly [originals: RegExp, theirs: string];

const backbone: readonly Rule[] = [
  [/^conv1\./, "embedder.embedder.convolution."],
  [/^bn1\./, "embedder.embedder.normalization."],
  [/^layer(\d+)\.(\d+)\.downsample\.0\./, "encoder.stages.{1-1}.layers.$2.shortcut.convolution."],
  [/^layer(\d+)\.(\d+)\.downsample\.1\./, "encoder.stages.{1-1}.layers.$2.shortcut.normalization."],
  [/^layer(\d+)\.(\d+)\.conv(\d+)\./, "encoder.stages.{1-1}.layers.$2.layer.{3-1}.convolution."],
  [/^layer(\d+)\.(\d+)\.bn(\d+)\./, "encoder.stages.{1-1}.layers.$2.layer.{3-1}.normalization."],
];

const layer: readonly Rule[] = [
  [/^linear1\./, "fc1."],
  [/^linear2\./, "fc2."],
  [/^(?:multihead|cross)_attn\./, "encoder_attn."],
  [/^self_attn\./, "self_attn."],
];
const encoderLayer: readonly Rule[] = [
  ...layer,
  [/^norm1\./, "self_attn_layer_norm."],
  [/^norm2\./, "final_layer_norm."],
];
const detrDecoderLayer: readonly Rule[] = [
  ...layer,
  [/^norm1\./, "self_attn_layer_norm."],
  [/^norm2\./, "encoder_attn_layer_norm."],
  [/^norm3\./, "final_layer_norm."],
];
const deformableDecoderLayer: readonly Rule[] = [
  ...layer,
  [/^norm1\./, "encoder_attn_layer_norm."],
  [/^norm2\./, "self_attn_layer_norm."],
  [/^norm3\./, "final_layer_norm."],
];

const detrParts: readonly Rule[] = [
  [/^backbone\.1\.row_embed\./, "model.position_embedding.row_embeddings."],
  [/^backbone\.1\.col_embed\./, "model.position_embedding.column_embeddings."],
  [/^input_proj\./, "model.input_projection."],
  [/^query_embed\./, "model.query_position_embeddings."],
  [/^transformer\.decoder\.norm\./, "model.decoder.layernorm."],
  [/^class_embed\./, "class_labels_classifier."],
  [/^bbox_embed\./, "bbox_predictor."],
];
const deformableParts: readonly Rule[] = [
  [/^input_proj\./, "model.input_proj."],
  [/^query_embed\./, "model.query_position_embeddings."],
  [
    /^transformer\.(level_embed|reference_points|enc_output|enc_output_norm|pos_trans|pos_trans_norm)(\.|$)/,
    "model.$1$2",
  ],
  [/^transformer\.decoder\.(bbox|class)_embed\./, "model.decoder.$1_embed."],
  [/^(bbox|class)_embed\./, "$1_embed."],
];

/**
 * The inverse of `huggingFaceToOriginal`: the state dict of a DETR or Deformable DETR of Transformers, under the names
 * that its published models have, with queries, keys and values apart. Numbers stay as they are, to the bit.
 *
 * @param stateDict - as the authors' code has it
 * @throws CheckpointError naming a key that Transformers has no place for
 */
export function originalToHuggingFace(
  stateDict: ReadonlyMap<string, TensorData>,
  kind: HuggingFaceBackbone,
): ReadonlyMap<string, TensorData> {
  const isDeformable = stateDict.has("transformer.level_embed");
  const { keys: ofMasks, prefix: wrapper } = detectorBesideMasks;
  const renamed = new Map<string, TensorData>();
  for (const [key, data] of stateDict) {
    // A mask head has the original's names, and the detector beside it the original's wrapper.
    const ofDetector = key.startsWith(wrapper) ? key.slice(wrapper.length) : key;
    const name = ofMasks.test(key)
      ? key
      : `${ofDetector === key ? "" : wrapper}${huggingFaceKey(ofDetector, isDeformable, kind)}`;
    const [, attention, parameter] = /^(.*)\.in_proj_(weight|bias)$/.exec(name) ?? [];
    if (attention === undefined) renamed.set(name, data);
    else {
      const parts = splitFirstAxis(data, 3, key);
      for (const [index, letter] of ["q", "k", "v"].entries())
        renamed.set(`${attention}.${letter}_proj.${parameter}`, parts[index] as TensorData);
    }
  }
  return renamed;
}

function huggingFaceKey(key: string, isDeformable: boolean, kind: HuggingFaceBackbone): string {
  const [, ofBackbone] = /^backbone\.0\.body\.(.*)$/.exec(key) ?? [];
  if (ofBackbone !== undefined) {
    const name = kind === "timm" ? ofBackbone : apply(backbone, ofBackbone, key);
    return `model.backbone.conv_encoder.model.${name}`;
  }
  const [, part, index, ofLayer] = /^transformer\.(encoder|decoder)\.layers\.(\d+)\.(.*)$/.exec(key) ?? [];
  if (ofLayer === undefined) return apply(isDeformable ? deformableParts : detrParts, key, key);
  const rules = part === "encoder" ? encoderLayer : isDeformable ? deformableDecoderLayer : detrDecoderLayer;
  return `model.${part}.layers.${index}.${apply(rules, ofLayer, key)}`;
}

/** Applies the first rule that matches; `{1-1}` in it stands for the first number found less one. */
function apply(rules: readonly Rule[], name: string, key: string): string {
  const rule = rules.find(([originals]) => originals.test(name));
  if (rule === undefined) throw new CheckpointError(`Transformers has no place for "${key}" in this model`);
  const [originals, theirs] = rule;
  const numbers = originals.exec(name) ?? [];
  return name.replace(
    originals,
    theirs.replaceAll(/\{(\d)-1\}/g, (_, group: string) => String(Number(numbers[Number(group)]) - 1)),
  );
}
