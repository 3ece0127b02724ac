import type { Tensor3D } from "@tensorflow/tfjs-core";

/**
 * What one decoder layer predicts: the one type that detectors give, and that matcher and criterion take. `B` images,
 * `Q` queries, `C` logits: of a DETR one more than it has classes, the last for "no object".
 *
 * What models and criteria return are types, not interfaces: only those does tfjs's `tidy` take, and `dispose`.
 */
export type LayerPrediction = {
  /** Class logits `[B, Q, C]`. */
  readonly logits: Tensor3D;
  /** Boxes `[B, Q, 4]`, cxcywh normalised by the size of the image **without** padding. */
  readonly boxes: Tensor3D;
};
