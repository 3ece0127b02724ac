import type { CallOptions, ImageSize, Module } from "@detrkit/nn";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/** What a position encoding needs to know of a feature map. `B` images, `H W` the map's height and width. */
export interface EncodedMap {
  /** Boolean `[B, H, W]`, true on padding. */
  readonly paddingMask: Tensor3D;
  /**
   * How many cells of each image are not padding, counted from the top left. If they are given, only the shape of the
   * mask is read, which is faster.
   */
  readonly sizes?: readonly ImageSize[] | undefined;
}

/** A position encoding: any module with this `call` can be one. */
export interface PositionEncoding extends Module {
  /** Width of the encoding, both axes together. */
  readonly dim: number;
  /** @returns `[B, H, W, dim]` */
  call(map: EncodedMap, options?: CallOptions): Tensor4D;
}
