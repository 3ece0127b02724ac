import type { Tensor3D } from "@tensorflow/tfjs-core";

/**
 * What one decoder layer predicts: the one type that detectors give, and that matcher and criterion take. `B` images,
 * `Q` queries, `C` logits: of a DETR one more than it has classes, the last for "no object".
 */
export interface LayerPrediction {
  /** Class logits `[B, Q, C]`. */
  readonly logits: Tensor3D;
  /** Boxes `[B, Q, 4]`, cxcywh normalised by the size of the image **without** padding. */
  readonly boxes: Tensor3D;
}
