import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/** What one decoder layer predicts. `B` images, `Q` queries, `C` classes. */
export interface DetrLayerOutput {
  /** Class logits `[B, Q, C + 1]`; the last class is "no object". */
  readonly logits: Tensor3D;
  /** Boxes `[B, Q, 4]`, cxcywh normalised by the image size without padding. */
  readonly boxes: Tensor3D;
}

/** What a detector predicts: the last decoder layer's output, and those of the layers before it, first layer first. */
export interface DetrOutput extends DetrLayerOutput {
  readonly auxiliary: readonly DetrLayerOutput[];
  /** The same, all `L` layers in one tensor each, the last one last: `[L, B, Q, C + 1]` and `[L, B, Q, 4]`. Losses on all layers run on these. */
  readonly stacked: { readonly logits: Tensor4D; readonly boxes: Tensor4D };
}
