import type { Backbone } from "@detrkit/backbone";
import type { LayerPrediction } from "@detrkit/boxes";
import { asInInference, type ImageSize, type Module, type PaddedBatch } from "@detrkit/nn";
import type { PredictedMasks } from "@detrkit/segmentation";
import type { TransformerCallOptions } from "@detrkit/transformer";
import { slice, squeeze, type Tensor3D, type Tensor4D, unstack } from "@tensorflow/tfjs-core";
import type { ImageDetections } from "./detections.ts";

/** What a detector's `call` needs in addition to its batch. */
export interface DetrCallOptions extends TransformerCallOptions {
  /**
   * Whether the outputs of the decoder layers before the last are computed too, for auxiliary losses. Default `true`.
   */
  readonly auxiliary?: boolean;
  /** Whether a detector with a mask head prepares masks, which cost most when they are asked for. Default `true`. */
  readonly masks?: boolean;
  /**
   * Whether only the mask head is trained: everything before it runs as in inference, without dropout, and nothing of
   * it is recorded for gradients. Default `false`.
   */
  readonly frozenDetector?: boolean;
}

/** What a detector predicts: the last decoder layer's output, and those of the layers before it, first layer first. */
export type DetrOutput = LayerPrediction & {
  readonly auxiliary: LayerPrediction[];
  /**
   * The same, all `L` layers in one tensor each, the last one last: `[L, B, Q, C]` and `[L, B, Q, 4]`. Losses on all
   * layers run on these.
   */
  readonly stacked: StackedOutput;
  /**
   * Only of a two-stage model: the encoder's proposals, one for each token (`Q` is the number of tokens). The first
   * logit says whether there is an object.
   */
  readonly encoder?: LayerPrediction;
  /** Only of a detector with a mask head: masks of the last layer's queries, computed for those that are asked for. */
  readonly masks?: PredictedMasks;
};

/** Predictions of all `L` decoder layers, the last one last: logits `[L, B, Q, C]`, boxes `[L, B, Q, 4]`. */
export type StackedOutput = {
  readonly logits: Tensor4D;
  readonly boxes: Tensor4D;
};

/** A detector's output from all layers' predictions in one tensor each. */
export function outputOfLayers(stacked: StackedOutput): DetrOutput {
  const boxes = unstack(stacked.boxes) as Tensor3D[];
  const layers = unstack(stacked.logits).map((logits, layer) => ({
    logits: logits as Tensor3D,
    boxes: boxes[layer] as Tensor3D,
  }));
  return { ...(layers.at(-1) as LayerPrediction), auxiliary: layers.slice(0, -1), stacked };
}

/** The queries after the last decoder layer `[B, Q, D]`, of those after each one `[L, B, Q, D]`. */
export function lastStates(states: Tensor4D): Tensor3D {
  return squeeze(slice(states, [states.shape[0] - 1, 0, 0, 0], [1, -1, -1, -1]), [0]);
}

/** Computes what a mask head starts from: as in inference where only the mask head is trained. */
export function beforeMasks<T extends object>(options: DetrCallOptions, compute: (options: DetrCallOptions) => T): T {
  if (options.frozenDetector !== true) return compute(options);
  return asInInference(() => compute({ ...options, training: false }));
}

/**
 * The interface of every detector: code that trains or runs one need not know which it is.
 *
 * `Output` is what its criterion and its own `postProcess` read: a {@link DetrOutput} for a detector with queries, any
 * object of tensors for a dense one (heat maps, anchors).
 */
export interface DetectionModel<Output extends object = DetrOutput> extends Module {
  readonly backbone: Backbone;
  /** Classes that objects can have. */
  readonly numClasses: number;
  /** Makes masks of what is found, the `masks` of its outputs; a model without it finds boxes only. */
  readonly maskHead?: Module | undefined;
  /** Score above which a query becomes a segment of a panoptic picture. Default 0.85, as published for DETR. */
  readonly panopticThreshold?: number;
  /** @param batch - images `[B, H, W, 3]`, normalised, with their sizes */
  call(batch: PaddedBatch, options?: DetrCallOptions): Output;
  /**
   * The detections of each image, read from an output as the model's authors do.
   * @param sourceSizes - size of each image, in whose pixels the boxes are returned
   */
  postProcess(output: Output, sourceSizes: readonly ImageSize[]): Promise<ImageDetections[]>;
}
