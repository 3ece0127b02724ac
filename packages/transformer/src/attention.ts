import type { CallOptions, ImageSize, Module } from "@detrkit/nn";
import type { Rank, Tensor, Tensor2D, Tensor3D, Tensor5D } from "@tensorflow/tfjs-core";

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

/**
 * What queries look at. Of a dense attention the weight of every memory token, mean of the heads: `[B, Q, S]`. Of one
 * that samples, for `M` heads, `L` levels and `P` points, the places in each map, x and y from 0 to 1 over the padded
 * map: `[B, Q, M, L, P, 2]`, and their weights, each head's summing to 1: `[B, Q, M, L, P]`.
 */
export type AttendedPlaces =
  | { readonly kind: "dense"; readonly weights: Tensor3D }
  | { readonly kind: "sampled"; readonly locations: Tensor<Rank.R6>; readonly weights: Tensor5D };

/** The part that makes a layer one of DETR or of Deformable DETR. Any module with this `call` can be one. */
export interface Attention extends Module {
  /** @returns `[B, Q, D]` */
  call(inputs: AttentionInputs, options?: CallOptions): Tensor3D;
  /**
   * What each query looks at with these inputs, computed apart from `call`, which never has to keep it. An attention
   * without this works, and cannot be shown.
   */
  attendedPlaces?(inputs: AttentionInputs): AttendedPlaces;
}

/** An attention to the image's features that is about to be computed. */
export interface ObservedAttention {
  readonly part: "encoder" | "decoder";
  readonly attention: Attention;
  /** The model's own: they live until the observer returns. */
  readonly inputs: AttentionInputs;
}

/** What a transformer's `call` needs in addition to its tensors. */
export interface TransformerCallOptions extends CallOptions {
  /**
   * Told of the self-attention of each encoder layer and of the cross-attention of each decoder layer, in their order.
   * What it makes and wants to have after the call, it has to `keep`.
   */
  readonly observeAttention?: ((observed: ObservedAttention) => void) | undefined;
}

/** Makes the attention of one layer, counted from 0. */
export type AttentionFactory = (layer: number) => Attention;
