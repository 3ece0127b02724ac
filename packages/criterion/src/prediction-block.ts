import { ShapeError } from "@detrkit/common";
import { concat, mul, type Scalar, split, type Tensor, tensor } from "@tensorflow/tfjs-core";
import type { LayerPrediction } from "@detrkit/boxes";
import type { SetPrediction } from "./set-prediction.ts";

/** Layers with equal numbers of queries, which are read and differentiated together. */
export interface PredictionBlock {
  /** Names of the `L` layers in the order of the tensors' content. */
  readonly layers: readonly string[];
  readonly images: number;
  readonly queries: number;
  readonly classes: number;
  /** Either one tensor with all layers, or one for each; joined they are `[L, B, Q, C]` and `[L, B, Q, 4]`. */
  readonly logits: readonly Tensor[];
  readonly boxes: readonly Tensor[];
}

/** The decoder's layers, and the encoder's proposals if there are any. */
export function blocksOf(prediction: SetPrediction): readonly PredictionBlock[] {
  const decoder = decoderBlock(prediction);
  if (prediction.encoder === undefined) return [decoder];
  return [decoder, blockOf([prediction.encoder], ["encoder"])];
}

function decoderBlock({ logits, boxes, auxiliary = [], stacked }: SetPrediction): PredictionBlock {
  if (stacked === undefined) return blockOf([...auxiliary, { logits, boxes }], layerNames(auxiliary.length + 1));
  const [layers, images, queries, classes] = stacked.logits.shape;
  expectSizes(stacked.boxes, [layers, images, queries, 4], "stacked boxes");
  return { layers: layerNames(layers), images, queries, classes, logits: [stacked.logits], boxes: [stacked.boxes] };
}

function layerNames(count: number): string[] {
  return Array.from({ length: count }, (_, layer) => (layer === count - 1 ? "decoder" : `auxiliary.${layer}`));
}

function blockOf(predictions: readonly LayerPrediction[], layers: readonly string[]): PredictionBlock {
  const [images = 0, queries = 0, classes = 0] = predictions.at(-1)?.logits.shape ?? [];
  predictions.forEach(({ logits, boxes }, layer) => {
    expectSizes(logits, [images, queries, classes], `logits of layer "${layers[layer]}"`);
    expectSizes(boxes, [images, queries, 4], `boxes of layer "${layers[layer]}"`);
  });
  return {
    layers,
    images,
    queries,
    classes,
    logits: predictions.map(({ logits }) => logits),
    boxes: predictions.map(({ boxes }) => boxes),
  };
}

function expectSizes(got: Tensor, expected: readonly number[], what: string): void {
  if (got.shape.join() !== expected.join()) {
    throw new ShapeError(`SetCriterion.call: ${what} expected [${expected.join(", ")}], got [${got.shape.join(", ")}]`);
  }
}

/** The values of all tensors one after the other. They are joined first, for a single read from the backend. */
export function readJoined(tensors: readonly Tensor[]): Float32Array {
  const joined = tensors.length === 1 ? (tensors[0] as Tensor) : concat([...tensors], 0);
  return joined.dataSync<"float32">();
}

/** `values * scale` as tensors of the shapes that {@link readJoined} has joined. */
export function splitLike(values: Float32Array, tensors: readonly Tensor[], scale: Scalar): Tensor[] {
  const [first, ...others] = (tensors[0] as Tensor).shape;
  const joined = mul(tensor(values, [(first as number) * tensors.length, ...others]), scale);
  return tensors.length === 1 ? [joined] : split(joined, tensors.length, 0);
}
