import type { CallOptions, ImageSize, Module, PaddedBatch } from "@detrkit/nn";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/** What is known about a backbone's output before it runs. */
export interface FeatureLevel {
  /** `stage1` to `stage4` for a ResNet. */
  readonly name: string;
  readonly channels: number;
  /** Image pixels per cell, along each axis. */
  readonly stride: number;
}

/** One output of a backbone. `B` images, `H W` this map's height and width, `C` channels. */
export type FeatureMap = {
  /** `[B, H, W, C]`. */
  readonly features: Tensor4D;
  /** Boolean `[B, H, W]`, true on padding. */
  readonly paddingMask: Tensor3D;
  /** How many cells of each image are not padding: always the top left rectangle. */
  readonly sizes: ImageSize[];
};

/** What a detector needs of a backbone. Any module with these two members can be one. */
export interface Backbone extends Module {
  /** The maps that `call` returns, in its order: from fine to coarse. */
  readonly levels: readonly FeatureLevel[];
  /** The feature maps of a batch `[B, H, W, 3]`, one for each of `levels`; the caller frees them. */
  call(images: PaddedBatch, options?: CallOptions): FeatureMap[];
}
