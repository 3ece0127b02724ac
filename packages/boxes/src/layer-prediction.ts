import type { Tensor3D } from "@tensorflow/tfjs-core";

/**
 * The predictions of one decoder layer: the type that detectors return, and that matcher and criterion take. `B`
 * images, `Q` queries, `C` logits: for a DETR one more than its classes, the last one for "no object".
 */
export interface LayerPrediction {
  /** Class logits `[B, Q, C]`. */
  readonly logits: Tensor3D;
  /** Boxes `[B, Q, 4]`, cxcywh normalised by the size of the image **without** padding. */
  readonly boxes: Tensor3D;
}
