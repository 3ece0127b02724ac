import { originalDeformableDetr, originalDetr, originalRefiningDeformableDetr } from "@detrkit/checkpoint/browser";
import type { BackboneSettings, DeformableDetrSettings, DetrSettings, MaskHeadSettings } from "@detrkit/detr";
import type { FamilyWriter, Json } from "./family-writer.ts";

// What of our settings the two originals and Transformers can express. What concerns training alone (which stages are
// frozen, dropout, whether a batch norm is frozen) is left out: it changes nothing that a trained model computes.

/** How a DETR is written for other programs. */
export const detrWriter: FamilyWriter<DetrSettings> = {
  dialectOf: () => originalDetr,
  problemsForOriginal: ({ backbone, positionEncoding, transformer, masks }) => [
    ...ofTorchvision(backbone),
    ...stagesOtherThan(backbone, [[4]]),
    ...unnormalised(positionEncoding),
    ...otherMaskHead(transformer, masks),
  ],
  problemsForHuggingFace: ({ backbone, positionEncoding, transformer, masks }) => [
    ...ofTransformers(backbone),
    ...unnormalised(positionEncoding),
    ...(masks === undefined ? [] : [...stagesOtherThan(backbone, [[4]]), ...otherMaskHead(transformer, masks)]),
    ...(transformer.preNorm ? ["transformer.preNorm true: it has only norms after each part"] : []),
  ],
  huggingFaceConfig: ({ backbone, positionEncoding, transformer, masks, numQueries }) => ({
    architectures: [masks === undefined ? "DetrForObjectDetection" : "DetrForSegmentation"],
    model_type: "detr",
    ...sizesOf(transformer),
    ...backboneConfig(masks === undefined ? backbone : { ...backbone, returnStages: [1, 2, 3, 4] }),
    num_queries: numQueries,
    position_embedding_type: positionEncoding.kind,
  }),
};

/** How a Deformable DETR is written for other programs. */
export const deformableDetrWriter: FamilyWriter<DeformableDetrSettings> = {
  dialectOf: ({ boxRefinement }) => (boxRefinement ? originalRefiningDeformableDetr : originalDeformableDetr),
  problemsForOriginal: ({ backbone, featureLevels, masks }) => [
    ...ofTorchvision(backbone),
    ...stagesOtherThan(backbone, featureLevels === 1 ? [[4]] : [[2, 3, 4]]),
    ...anyMaskHead(masks),
  ],
  problemsForHuggingFace: ({ backbone, featureLevels, masks }) => [
    ...ofTransformers(backbone),
    ...anyMaskHead(masks),
    ...(backbone.dilateLastStage ? stagesOtherThan(backbone, featureLevels === 1 ? [[4]] : [[2, 3, 4]]) : []),
  ],
  huggingFaceConfig: ({ backbone, transformer, numQueries, featureLevels, boxRefinement, twoStage }) => ({
    architectures: ["DeformableDetrForObjectDetection"],
    model_type: "deformable_detr",
    ...sizesOf(transformer),
    ...backboneConfig(backbone),
    num_queries: numQueries,
    two_stage_num_proposals: numQueries,
    position_embedding_type: "sine",
    num_feature_levels: featureLevels,
    encoder_n_points: transformer.encoderPoints,
    decoder_n_points: transformer.decoderPoints,
    with_box_refine: boxRefinement,
    two_stage: twoStage,
  }),
};

/** The mask head of both other programs has the sizes of their transformer. */
function otherMaskHead({ dim, heads }: DetrSettings["transformer"], masks: MaskHeadSettings | undefined): string[] {
  if (masks === undefined) return [];
  const { heads: own = 8, contextDim } = masks;
  return [
    ...(own === heads ? [] : [`masks.heads ${own}: its attention map has as many as its transformer, ${heads}`]),
    ...(contextDim === dim ? [] : [`masks.contextDim ${contextDim}: it is the transformer's width there, ${dim}`]),
  ];
}

function anyMaskHead(masks: MaskHeadSettings | undefined): string[] {
  return masks === undefined ? [] : ["masks: its Deformable DETR has none"];
}

function unnormalised(encoding: DetrSettings["positionEncoding"]): string[] {
  if (encoding.kind !== "sine" || encoding.normalize !== false) return [];
  return ["positionEncoding.normalize false: sines are always of positions relative to the image's size"];
}

/** What the ResNets of all other programs have in common. */
function ofAnyResNet({ norm, stem }: BackboneSettings): string[] {
  return [
    ...(norm === "group" ? ["backbone.norm group: its ResNet has batch norms"] : []),
    ...(stem === "7x7pool" ? [] : [`backbone.stem ${stem}: its ResNet begins with a convolution of 7x7`]),
  ];
}

/** What the ResNets that go by a depth alone can't be. */
function ofTorchvision(backbone: BackboneSettings): string[] {
  return [
    ...ofAnyResNet(backbone),
    ...(backbone.width === 64 ? [] : [`backbone.width ${backbone.width}: its ResNet has 64`]),
    ...(backbone.blocks === undefined ? [] : [`backbone.blocks ${backbone.blocks.join()}: they are the depth's`]),
  ];
}

/** Transformers builds ResNets of any size, but a dilated one only with timm's, which go by their depth. */
function ofTransformers(backbone: BackboneSettings): string[] {
  return backbone.dilateLastStage ? ofTorchvision(backbone) : ofAnyResNet(backbone);
}

function stagesOtherThan({ returnStages }: BackboneSettings, allowed: readonly (readonly number[])[]): string[] {
  if (allowed.some((stages) => stages.join() === returnStages.join())) return [];
  return [
    `backbone.returnStages ${returnStages.join()}: expected ${allowed.map((stages) => stages.join()).join(" or ")}`,
  ];
}

function sizesOf({
  dim,
  heads,
  encoderLayers,
  decoderLayers,
  feedForwardDim,
  dropout,
}: DetrSettings["transformer"] | DeformableDetrSettings["transformer"]): Json {
  return {
    d_model: dim,
    encoder_layers: encoderLayers,
    decoder_layers: decoderLayers,
    encoder_attention_heads: heads,
    decoder_attention_heads: heads,
    encoder_ffn_dim: feedForwardDim,
    decoder_ffn_dim: feedForwardDim,
    dropout,
    activation_function: "relu",
  };
}

const depths: Readonly<Record<BackboneSettings["depth"], readonly number[]>> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
};

function backboneConfig({ depth, blocks, width, returnStages, dilateLastStage }: BackboneSettings): Json {
  if (dilateLastStage) {
    return {
      backbone: `resnet${depth}`,
      backbone_config: null,
      dilation: true,
      use_pretrained_backbone: false,
      use_timm_backbone: true,
    };
  }
  const bottleneck = depth >= 50;
  const stages = Math.max(...returnStages);
  return {
    backbone: null,
    backbone_config: {
      model_type: "resnet",
      embedding_size: width,
      hidden_sizes: Array.from({ length: stages }, (_, stage) => width * 2 ** stage * (bottleneck ? 4 : 1)),
      depths: (blocks ?? depths[depth]).slice(0, stages),
      layer_type: bottleneck ? "bottleneck" : "basic",
      hidden_act: "relu",
      out_features: returnStages.map((stage) => `stage${stage}`),
    },
    dilation: false,
    use_pretrained_backbone: false,
    use_timm_backbone: false,
  };
}
