import type { Tensor3D } from "@tensorflow/tfjs-core";

/**
 * The predictions of one decoder layer: the type that detectors return, and that matcher and criterion take. `B`
 * images, `Q` queries, `C` logits: for a DETR one more than its classes, the last one for "no object".
 *
 * Outputs are types, not interfaces, so that tfjs's `tidy` and `dispose` take them.
 */
export type LayerPrediction = {
  /** Class logits `[B, Q, C]`. */
  readonly logits: Tensor3D;
  /** Boxes `[B, Q, 4]`, cxcywh normalised by the size of the image **without** padding. */
  readonly boxes: Tensor3D;
};

/**
 * The masks of a detector's queries, computed only when they are asked for, and only for the queries that are chosen:
 * those that were matched in training, those whose detections are kept in inference. The rest would cost most of a mask
 * head's time and memory.
 */
export interface QueryMasks {
  /**
   * Mask logits of chosen queries `[N, h, w]`, over the padded images, differentiable. `h w` may be smaller than the
   * images.
   *
   * @param queries - position of each in the batch, `image · Q + query` `[N]`, at least one
   */
  of(queries: ArrayLike<number>): Tensor3D;
}
