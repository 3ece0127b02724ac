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
