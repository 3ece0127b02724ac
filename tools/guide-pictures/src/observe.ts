import { MultiScaleDeformableAttention, samplingLocations } from "@detrkit/deformable-attention";
import { DeformableDetr, type DetrOutput, encoderReferencePoints, type LevelLayout, validRatios } from "@detrkit/detr";
import type { RgbImage } from "@detrkit/image";
import { Detector } from "@detrkit/inference";
import type { ImageSize } from "@detrkit/nn";
import { type AttentionInputs, DecoderLayer } from "@detrkit/transformer";
import { add, type Rank, reshape, softmax, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/** Where the queries of one decoder layer look. `B` images, `Q` queries, `M` heads, `L` levels, `P` points. */
export interface LayerLook {
  /** Points or boxes, as shares of each padded map: `[B, Q, L, 2 or 4]`. */
  readonly references: Float32Array;
  readonly coordinates: 2 | 4;
  /** `[B, Q, M, L, P, 2]`, as shares of each padded map. */
  readonly locations: Float32Array;
  /** `[B, Q, M, L, P]`; they add up to 1 over levels and points of a head. */
  readonly weights: Float32Array;
}

/** What a Deformable DETR computed for a batch, on its way to the boxes. */
export interface Observation {
  readonly padded: ImageSize;
  readonly sizes: readonly ImageSize[];
  readonly layout: LevelLayout;
  /** `[B, L, 2]`, width first. */
  readonly ratios: Float32Array;
  /** `[B, S, L, 2]` */
  readonly encoderReferences: Float32Array;
  readonly layers: readonly LayerLook[];
  /** Scores of the last layer, before the sigmoid: `[B, Q, C]`. */
  readonly logits: Float32Array;
  /** cxcywh as shares of the image, of every decoder layer: `[B, Q, 4]`. */
  readonly boxes: readonly Float32Array[];
  readonly queries: number;
  readonly classes: number;
  /** Sizes of an attention. */
  readonly heads: number;
  readonly points: number;
}

/**
 * Runs a detector on images at their own sizes, padded to the largest, and writes down what passes by.
 *
 * @throws Error where the detector is no Deformable DETR
 */
export async function observe({ model, description }: Detector, images: readonly RgbImage[]): Promise<Observation> {
  if (!(model instanceof DeformableDetr)) throw new Error("observe: only a Deformable DETR has reference points");
  const seen: {
    batch?: { padded: ImageSize; sizes: readonly ImageSize[] };
    layout?: LevelLayout;
    output?: DetrOutput;
  } = {};
  const layers: LayerLook[] = [];
  const kept: { logits?: Float32Array; boxes: Float32Array[] } = { boxes: [] };

  const { levelTokens, call } = model;
  model.levelTokens = (batch, options) => {
    const [, height, width] = batch.images.shape;
    seen.batch = { padded: { height, width }, sizes: batch.sizes };
    const tokens = levelTokens.call(model, batch, options);
    seen.layout = { levelShapes: tokens.levelShapes, levelSizes: tokens.levelSizes };
    return tokens;
  };
  model.call = (batch, options) => {
    // Detecting needs the last layer alone; the pictures show all.
    const output = call.call(model, batch, { ...options, auxiliary: true });
    kept.logits = output.logits.dataSync<"float32">();
    kept.boxes = [...output.auxiliary, output].map(({ boxes }) => boxes.dataSync<"float32">());
    return output;
  };
  let attention: MultiScaleDeformableAttention | undefined;
  for (const layer of model.transformer.decoder.layers) {
    const crossAttention = layer instanceof DecoderLayer ? layer.crossAttention : undefined;
    if (!(crossAttention instanceof MultiScaleDeformableAttention)) continue;
    attention = crossAttention;
    const attend = crossAttention.call;
    crossAttention.call = (inputs) => {
      layers.push(lookOf(crossAttention, inputs));
      return attend.call(crossAttention, inputs);
    };
  }

  // Their own sizes, so that there is padding: a recipe may resize all to one.
  const asTheyAre = { ...description, transforms: { ...description.transforms, steps: [] } };
  await new Detector({ model, description: asTheyAre }).detect(images, { threshold: 1, batchSize: images.length });
  const { batch, layout } = seen;
  if (!batch || !layout || !attention || !kept.logits) throw new Error("observe: the model did not run as expected");
  return {
    ...batch,
    layout,
    ratios: validRatios(layout),
    encoderReferences: encoderReferencePoints(layout),
    layers,
    logits: kept.logits,
    boxes: kept.boxes,
    queries: model.numQueries,
    classes: model.numClasses,
    heads: attention.heads,
    points: attention.points,
  };
}

function lookOf(attention: MultiScaleDeformableAttention, inputs: AttentionInputs): LayerLook {
  const { queries, queryPosition, referencePoints, levelShapes = [] } = inputs;
  const { heads, levels, points } = attention;
  const [B, Q] = queries.shape;
  const references = referencePoints as Tensor4D;
  const coordinates: 2 | 4 = references.shape[3] === 4 ? 4 : 2;
  return tidy(() => {
    const positioned: Tensor = queryPosition === undefined ? queries : add(queries, queryPosition);
    const offsets: Tensor<Rank.R6> = reshape(attention.samplingOffsets.call(positioned), [
      B,
      Q,
      heads,
      levels,
      points,
      2,
    ]);
    const weights = softmax(reshape(attention.attentionWeights.call(positioned), [B, Q, heads, levels * points]));
    return {
      references: references.dataSync<"float32">(),
      coordinates,
      locations: samplingLocations({ offsets, referencePoints: references, levelShapes }).dataSync<"float32">(),
      weights: weights.dataSync<"float32">(),
    };
  });
}
