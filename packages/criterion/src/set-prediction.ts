import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/** Predictions of one layer. `B` images, `Q` queries, `C` classes (with no-object where the model has it). */
export interface LayerPrediction {
  /** `[B, Q, C]` */
  readonly logits: Tensor3D;
  /** `[B, Q, 4]`, cxcywh, normalised by the image's size without padding. */
  readonly boxes: Tensor3D;
}

/**
 * What a model predicts and {@link SetCriterion} takes: the last decoder layer's output, and what else is trained with
 * it.
 */
export interface SetPrediction extends LayerPrediction {
  /** The decoder layers before the last, first layer first. */
  readonly auxiliary?: readonly LayerPrediction[];
  /**
   * The same predictions as one tensor each, all `L` decoder layers in order (the last one last): `[L, B, Q, C]` and
   * `[L, B, Q, 4]`. Where a model has them so anyway, giving them spares splitting and joining, forwards and backwards.
   */
  readonly stacked?: { readonly logits: Tensor4D; readonly boxes: Tensor4D };
  /** Proposals of a two-stage model's encoder, one for each token: any object is class 0. */
  readonly encoder?: LayerPrediction;
  /** Mask logits of the last decoder layer `[B, Q, h, w]`, of any resolution. */
  readonly masks?: Tensor4D;
}
