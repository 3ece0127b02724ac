import type { LayerPrediction, QueryMasks } from "@detrkit/boxes";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/**
 * The prediction of a model that {@link SetCriterion} takes: the last decoder layer's output, and other outputs that
 * are trained.
 */
export interface SetPrediction extends LayerPrediction {
  /** The decoder layers before the last, first layer first. */
  readonly auxiliary?: readonly LayerPrediction[];
  /**
   * The same predictions as one tensor each, all `L` decoder layers in order (the last one last): `[L, B, Q, C]` and
   * `[L, B, Q, 4]`. A model that has them in this form saves splitting and joining, forwards and backwards.
   */
  readonly stacked?: { readonly logits: Tensor4D; readonly boxes: Tensor4D };
  /** Proposals of a two-stage model's encoder, one for each token: any object is class 0. */
  readonly encoder?: LayerPrediction;
  /**
   * Mask logits of the last decoder layer, of any resolution: all of them `[B, Q, h, w]`, or computed on demand for the
   * queries that were matched.
   */
  readonly masks?: Tensor4D | QueryMasks;
}
