import { originalDeformableDetr, originalDetr, type TensorData } from "@detrkit/checkpoint/browser";
import { CheckpointError } from "@detrkit/common";
import {
  type BackboneSettings,
  type DeformableDetrSettings,
  type DetrSettings,
  type MaskHeadSettings,
  presets,
} from "@detrkit/detr";
import { deformableDetrWriter, detrWriter } from "./convert/written-settings.ts";
import type { FamilyDialect, UnseenSettings } from "./families.ts";

// Settings follow from the shapes of tensors, by the names that facebookresearch/detr and
// fundamentalvision/Deformable-DETR give them. Settings that shapes do not show are as published: 8 heads, sine
// encoding, frozen batch norm.

/** State dicts of facebookresearch/detr. */
export const detrDialect: FamilyDialect<DetrSettings> = {
  dialect: originalDetr,
  recognise(stateDict, source, unseen) {
    const shapes = new Shapes(stateDict, source);
    return shapes.has("input_proj.weight") ? detrOf(shapes, unseen) : undefined;
  },
  writer: detrWriter,
};

/** State dicts of fundamentalvision/Deformable-DETR. */
export const deformableDetrDialect: FamilyDialect<DeformableDetrSettings> = {
  dialect: originalDeformableDetr,
  recognise(stateDict, source, unseen) {
    const shapes = new Shapes(stateDict, source);
    return shapes.has("input_proj.0.0.weight") ? deformableDetrOf(shapes, unseen) : undefined;
  },
  writer: deformableDetrWriter,
};

function detrOf(shapes: Shapes, unseen: UnseenSettings): DetrSettings {
  const [dim, channels] = shapes.of("input_proj.weight");
  const masks = masksOf(shapes, dim);
  // The original's attention map has as many heads as its transformer.
  const { heads = masks?.heads ?? 8, dilateLastStage = false } = unseen;
  const published = presets["detr-r50"];
  return {
    ...published,
    backbone: { ...backboneOf(shapes), returnStages: [stageOf(channels, shapes)], dilateLastStage },
    positionEncoding: shapes.has("backbone.1.row_embed.weight") ? { kind: "learned" } : published.positionEncoding,
    transformer: {
      ...published.transformer,
      ...layersOf(shapes, dim),
      heads,
      preNorm: shapes.has("transformer.encoder.norm.weight"),
    },
    ...(masks && { masks }),
    numClasses: shapes.of("class_embed.weight")[0] - 1,
    numQueries: shapes.of("query_embed.weight")[0],
  };
}

/** The settings of a mask head, where there is one; 8 heads are left out. */
function masksOf(shapes: Shapes, dim: number): MaskHeadSettings | undefined {
  if (!shapes.has("mask_head.lay1.weight")) return undefined;
  const heads = shapes.of("mask_head.lay1.weight")[0] - dim;
  return { contextDim: 2 * shapes.of("mask_head.lay2.weight")[0], ...(heads !== 8 && { heads }) };
}

function deformableDetrOf(
  shapes: Shapes,
  { heads = 8, dilateLastStage = false, numQueries = 300 }: UnseenSettings,
): DeformableDetrSettings {
  const levels = shapes.count((level) => `input_proj.${level}.0.weight`);
  const projections = Array.from({ length: levels }, (_, level) => shapes.of(`input_proj.${level}.0.weight`));
  // Levels beyond the backbone's are made by convolutions of 3×3.
  const ofBackbone = projections.filter(([, , size]) => size === 1);
  const twoStage = shapes.has("transformer.enc_output.weight");
  const dim = projections[0]?.[0] ?? 0;
  const points = (layers: string, attention: string): number =>
    shapes.of(`transformer.${layers}.layers.0.${attention}.attention_weights.weight`)[0] / (heads * levels);
  const published = presets["deformable-detr-r50"];
  return {
    ...published,
    backbone: {
      ...backboneOf(shapes),
      returnStages: ofBackbone.map(([, channels]) => stageOf(channels, shapes)),
      dilateLastStage,
    },
    transformer: {
      ...published.transformer,
      ...layersOf(shapes, dim),
      heads,
      encoderPoints: points("encoder", "self_attn"),
      decoderPoints: points("decoder", "cross_attn"),
    },
    featureLevels: levels,
    boxRefinement: shapes.has("transformer.decoder.bbox_embed.0.layers.0.weight"),
    twoStage,
    numClasses: shapes.of("class_embed.0.weight")[0],
    numQueries: twoStage ? numQueries : shapes.of("query_embed.weight")[0],
  };
}

function layersOf(
  shapes: Shapes,
  dim: number,
): { dim: number; encoderLayers: number; decoderLayers: number; feedForwardDim: number } {
  return {
    dim,
    encoderLayers: shapes.count((layer) => `transformer.encoder.layers.${layer}.linear1.weight`),
    decoderLayers: shapes.count((layer) => `transformer.decoder.layers.${layer}.linear1.weight`),
    feedForwardDim: shapes.of("transformer.decoder.layers.0.linear1.weight")[0],
  };
}

function backboneOf(shapes: Shapes): Omit<BackboneSettings, "returnStages"> {
  const blocks = [1, 2, 3, 4].map((stage) =>
    shapes.count((block) => `backbone.0.body.layer${stage}.${block}.conv1.weight`),
  );
  const [width] = shapes.of("backbone.0.body.conv1.weight");
  const published = presets["detr-r50"].backbone;
  const depths = isBottleneck(shapes) ? bottleneckDepths : basicDepths;
  // Stages above those that the transformer sees are not built.
  const built = blocks.filter((count) => count > 0);
  const depth = depths.find(([, ofDepth]) => ofDepth.slice(0, built.length).join() === built.join())?.[0];
  if (depth !== undefined) return { ...published, depth, width };
  return { ...published, depth: depths[0][0], blocks: blocks.map((count) => Math.max(count, 1)), width };
}

/**
 * What a ResNet of torchvision tells of a model's backbone; which of its stages the transformer sees is the model's.
 *
 * @param stateDict - its tensors, under the names that they have in a detector
 */
export function torchvisionSettings(
  stateDict: ReadonlyMap<string, TensorData>,
  source: string,
): Partial<BackboneSettings> {
  const { depth, blocks, width, norm, stem, frozenStages } = backboneOf(new Shapes(stateDict, source));
  return { depth, ...(blocks === undefined ? {} : { blocks }), width, norm, stem, frozenStages };
}

const basicDepths = [
  [18, [2, 2, 2, 2]],
  [34, [3, 4, 6, 3]],
] as const;
const bottleneckDepths = [
  [50, [3, 4, 6, 3]],
  [101, [3, 4, 23, 3]],
] as const;

const isBottleneck = (shapes: Shapes): boolean => shapes.has("backbone.0.body.layer1.0.conv3.weight");

/** The stage of the backbone whose map has this number of channels. */
function stageOf(channels: number, shapes: Shapes): number {
  const ofFirst = shapes.of(`backbone.0.body.layer1.0.conv${isBottleneck(shapes) ? 3 : 2}.weight`)[0];
  return Math.log2(channels / ofFirst) + 1;
}

/** The shapes of a state dict's tensors, whatever wraps their names. */
class Shapes {
  readonly source: string;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;

  constructor(stateDict: ReadonlyMap<string, TensorData>, source: string) {
    this.source = source;
    this.#shapes = new Map(
      [...stateDict].map(([name, { shape }]) => [name.replace(/^(?:module\.|detr\.)+/, ""), shape]),
    );
  }

  has(key: string): boolean {
    return this.#shapes.has(key);
  }

  /** @throws CheckpointError where there is no such key */
  of(key: string): readonly [number, number, number, number] {
    const [a = 1, b = 1, c = 1, d = 1] = this.#shapes.get(key) ?? this.#missing(key);
    return [a, b, c, d];
  }

  /** How many keys of a numbered family there are, from 0. */
  count(key: (index: number) => string): number {
    let index = 0;
    while (this.#shapes.has(key(index))) index++;
    return index;
  }

  #missing(key: string): never {
    throw new CheckpointError(`${this.source}: has no "${key}"; is it the whole model?`);
  }
}
