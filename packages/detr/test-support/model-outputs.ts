import {
  DeformableDetr,
  type DetectionModel,
  Detr,
  type LayerPrediction,
  type DetrOutput,
  tokenPaddingMask,
} from "@detrkit/detr";
import { ConfigError } from "@detrkit/common";
import type { PaddedBatch } from "@detrkit/nn";
import { type FixtureTensor, inMemory } from "@detrkit/test-utils/recorded";
import type { MaskHead, PredictedMasks } from "@detrkit/segmentation";
import {
  mean,
  slice,
  stack,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  transpose,
  unstack,
} from "@tensorflow/tfjs-core";

/** What a model computes for a batch. */
export interface ModelOutputs {
  readonly output: DetrOutput;
  /** By the names that the cases have, in plain memory. */
  readonly tensors: Readonly<Record<string, FixtureTensor>>;
}

/** Everything of a model's output, and on the way to it, that cases record. */
export function outputsOf(model: DetectionModel, batch: PaddedBatch): ModelOutputs {
  if (model instanceof Detr) return detrOutputs(model, batch);
  if (model instanceof DeformableDetr) return deformableDetrOutputs(model, batch);
  throw new ConfigError(`${model.constructor.name}: part does not exist yet`);
}

function detrOutputs(model: Detr, batch: PaddedBatch): ModelOutputs {
  const { maps, memory, states } = model.features(batch);
  const { masks } = model.call(batch);
  const output = { ...model.predict(states), ...(masks && { masks }) };
  return {
    output,
    tensors: {
      ...predictions(output, states),
      ...(model.maskHead && masks && masksOf(model.maskHead, masks)),
      memory_channel_mean: inMemory(mean(memory, 1)),
      memory_position_mean: { ...inMemory(mean(memory, 2)), shape: maps.at(-1)?.paddingMask.shape ?? [] },
    },
  };
}

function deformableDetrOutputs(model: DeformableDetr, batch: PaddedBatch): ModelOutputs {
  const levelTokens = model.levelTokens(batch);
  const { output, states, memory, proposals } = model.detect(levelTokens);
  const { encoder } = output;
  return {
    output,
    tensors: {
      ...predictions(output, states),
      ...memoryMeans(inMemory(memory), tokenPaddingMask(levelTokens)),
      ...(proposals && {
        topk_proposals: { shape: proposals.chosen.shape, data: proposals.chosen.dataSync<"int32">() },
      }),
      ...(encoder && { enc_logits_class0: firstLogits(encoder), enc_boxes: inMemory(encoder.boxes) }),
    },
  };
}

/** Masks over the padded images, and where the queries look `[B, Q, heads, h, w]`. */
function masksOf(head: MaskHead, masks: PredictedMasks): Readonly<Record<string, FixtureTensor>> {
  const maps = Array.from({ length: masks.queries.shape[0] }, (_, image) => {
    const [queries, keys, padding] = [masks.queries, masks.keys, masks.padding].map((batch) => unstack(batch)[image]);
    return head.attentionMap.call(queries as Tensor2D, keys as Tensor3D, padding as Tensor2D);
  });
  return {
    pred_masks: inMemory(masks.all()),
    bbox_attention: inMemory(transpose(stack(maps), [0, 1, 4, 2, 3])),
  };
}

function predictions(output: DetrOutput, states: Tensor4D): Readonly<Record<string, FixtureTensor>> {
  const hidden = inMemory(states);
  const [layers] = states.shape;
  return {
    pred_logits: inMemory(output.logits),
    pred_boxes: inMemory(output.boxes),
    ...(layers > 1 && { aux_boxes: stacked(output, "boxes"), aux_logits: stacked(output, "logits") }),
    hs_last: { shape: hidden.shape.slice(1), data: hidden.data.slice(-hidden.data.length / layers) },
  };
}

/** Means of `[B, S, D]` over tokens and over channels; padding counts as 0 in the one and is left out of the other. */
function memoryMeans(
  { shape, data }: FixtureTensor,
  paddingMask: Uint8Array | undefined,
): Readonly<Record<string, FixtureTensor>> {
  const [B, S, D] = shape as readonly [number, number, number];
  const byChannel = new Float32Array(B * D);
  const byPosition = new Float32Array(B * S);
  for (let image = 0; image < B; image++) {
    const tokens = Array.from({ length: S }, (_, token) => image * S + token).filter(
      (token) => paddingMask?.[token] !== 1,
    );
    const sums = new Float64Array(D);
    for (const token of tokens) {
      let sum = 0;
      for (let channel = 0; channel < D; channel++) {
        const value = data[token * D + channel] as number;
        sum += value;
        sums[channel] = (sums[channel] as number) + value;
      }
      byPosition[token] = sum / D;
    }
    byChannel.set(
      sums.map((sum) => sum / tokens.length),
      image * D,
    );
  }
  return {
    memory_channel_mean: { shape: [B, D], data: byChannel },
    memory_position_mean: { shape: [B, S], data: byPosition },
  };
}

function firstLogits({ logits }: LayerPrediction): FixtureTensor {
  const [B, S] = logits.shape;
  return { ...inMemory(slice(logits, [0, 0, 0], [B, S, 1])), shape: [B, S] };
}

function stacked({ auxiliary }: DetrOutput, part: "boxes" | "logits"): FixtureTensor {
  return inMemory(stack(auxiliary.map((layer) => layer[part])));
}
