import type { CallOptions, ImageSize, Module } from "@detrkit/nn";
import type { Rank, Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";

/** A position that is added to tokens: of its own for each image `[B, S, D]`, or the same for all `[S, D]`. */
export type Position = Tensor<Rank.R2 | Rank.R3>;

/**
 * Inputs of an attention in a transformer's layer. `B` images, `Q` queries, `S` memory tokens, `D` width, `L` levels.
 */
export interface AttentionInputs {
  /** `[B, Q, D]` */
  readonly queries: Tensor3D;
  /** `[B, Q, D]` or `[Q, D]` */
  readonly queryPosition?: Position | undefined;
  /** What is attended to `[B, S, D]`; in self-attention the queries themselves. */
  readonly memory: Tensor3D;
  /** `[B, S, D]` or `[S, D]` */
  readonly memoryPosition?: Position | undefined;
  /** Boolean `[B, S]`, true on padding. */
  readonly memoryPaddingMask?: Tensor2D | undefined;
  /** Reference points of the queries, for attentions that sample: `[B, Q, L, 2 or 4]`. */
  readonly referencePoints?: Tensor | undefined;
  /**
   * Position part of each query `[B, Q, D]`, for cross-attentions that keep it apart from the query's content
   * (Conditional DETR, arXiv:2108.06152).
   */
  readonly spatialQuery?: Tensor3D | undefined;
  /** Sizes of the maps whose tokens make the memory one after the other, for attentions that sample. */
  readonly levelShapes?: readonly ImageSize[] | undefined;
}

/** The part that makes a layer one of DETR or of Deformable DETR. Any module with this `call` can be one. */
export interface Attention extends Module {
  /** @returns `[B, Q, D]` */
  call(inputs: AttentionInputs, options?: CallOptions): Tensor3D;
}

/** Makes the attention of one layer, counted from 0. */
export type AttentionFactory = (layer: number) => Attention;
