import type { DetrLayerOutput } from "../detr-output.ts";
import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";

/** What a decoder starts from. `B` images, `Q` queries, `D` width, `S` tokens. */
export interface StartingQueries {
  /** `[B, Q, D]` */
  readonly queries: Tensor3D;
  /** `[B, Q, D]` */
  readonly position: Tensor3D;
  /** Where the queries look, before the sigmoid: points `[B, Q, 2]` or boxes `[B, Q, 4]`. */
  readonly reference: Tensor3D;
  readonly proposals?: EncoderProposals;
}

/** What the encoder of a two-stage model proposes. */
export interface EncoderProposals {
  /** Class logits of every token `[B, S, C]`, the first of which says how good the proposal is. */
  readonly logits: DetrLayerOutput["logits"];
  /** cxcywh before the sigmoid `[B, S, 4]`; infinite where there is no proposal. */
  readonly coordinates: Tensor3D;
  /** The tokens that became queries `[B, Q]`, int32, the best one first. */
  readonly chosen: Tensor2D;
}
