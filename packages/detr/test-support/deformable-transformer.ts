import type { Backbone } from "@detrkit/backbone";
import { type Dialect, originalDeformableDetr } from "@detrkit/checkpoint";
import { Random } from "@detrkit/common";
import { MultiScaleDeformableAttention } from "@detrkit/deformable-attention";
import { DeformableDetr } from "@detrkit/detr";
import { type Activation, Module } from "@detrkit/nn";
import { SinePositionEncoding } from "@detrkit/position-encoding";
import { Transformer } from "@detrkit/transformer";
import { type Fixture, loadOriginalTensor, stateDictEntries, weightOf } from "@detrkit/test-utils/recorded";

/** The `config` of a case of Deformable DETR's transformer. */
export interface DeformableTransformerCase {
  readonly d_model: number;
  readonly nhead: number;
  readonly num_encoder_layers: number;
  readonly num_decoder_layers: number;
  readonly dim_feedforward: number;
  readonly activation: Activation;
  readonly num_feature_levels: number;
  readonly enc_n_points: number;
  readonly dec_n_points: number;
  readonly with_box_refine: boolean;
  readonly two_stage: boolean;
  readonly num_queries: number;
  readonly num_classes: number | null;
}

/** Whose names the parameters of a case's detector have. */
export const names: { readonly dialect: Dialect } = { dialect: originalDeformableDetr };

/** The levels are given, so nothing asks the backbone for them. */
class NoBackbone extends Module implements Backbone {
  readonly levels: Backbone["levels"];

  constructor(levels: number) {
    super();
    this.levels = Array.from({ length: levels }, (_, level) => ({
      name: `level${level}`,
      channels: 1,
      stride: 2 ** level,
    }));
  }

  call(): never {
    throw new Error("NoBackbone: has no maps");
  }
}

/** A detector around the case's transformer; what comes before its feature levels is not used. */
export function deformableDetrOf(config: DeformableTransformerCase): DeformableDetr {
  const { d_model: dim, nhead: heads, num_feature_levels: levels } = config;
  const random = new Random(0);
  const attention = (points: number) => () => new MultiScaleDeformableAttention({ dim, heads, levels, points, random });
  return new DeformableDetr({
    backbone: new NoBackbone(levels),
    positionEncoding: new SinePositionEncoding({ dim, cellCentres: true }),
    transformer: new Transformer({
      dim,
      heads,
      encoderLayers: config.num_encoder_layers,
      decoderLayers: config.num_decoder_layers,
      feedForwardDim: config.dim_feedforward,
      activation: config.activation,
      dropout: 0,
      decoderNorm: false,
      encoderAttention: attention(config.enc_n_points),
      decoderAttention: attention(config.dec_n_points),
      random,
    }),
    projectionGroups: 1,
    boxRefinement: config.with_box_refine,
    twoStage: config.two_stage,
    numClasses: config.num_classes ?? 1,
    numQueries: config.num_queries,
    random,
  });
}

/**
 * What a tensor of a whole model's state dict is called in the case; undefined where the case's transformer does not
 * hold it.
 */
export function keyInCase(
  key: string,
  { with_box_refine: refines, two_stage: hasProposals }: DeformableTransformerCase,
): string | undefined {
  if (key.startsWith("transformer.")) return key.slice("transformer.".length);
  const isHeld = (refines && key.startsWith("bbox_embed.")) || (hasProposals && key.startsWith("class_embed."));
  return isHeld ? `decoder.${key}` : undefined;
}

/** Sets what the case has weights for, and the query embedding, which is an input there. */
export function loadTransformerWeights(
  fixture: Fixture,
  model: DeformableDetr,
  config: DeformableTransformerCase,
): void {
  for (const { key, shape } of stateDictEntries(model, names)) {
    const name = keyInCase(key, config);
    const stored =
      key === "query_embed.weight" ? fixture.tensors.get("in.query_embed") : name && weightOf(fixture, name, shape);
    if (!stored) continue;
    const values = Float32Array.from(stored.data);
    loadOriginalTensor(fixture, model, key, { dtype: "float32", shape, values }, names);
  }
}
