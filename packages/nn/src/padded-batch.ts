import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/** Height and width in pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/**
 * Images of several sizes in one tensor: each at the top left, zeros to its right and below. `B` images, `H W` the largest
 * height and width of the batch.
 *
 * The mask is **true on padding** here and everywhere else in detrkit.
 */
export interface PaddedBatch {
  /** Normalised pixels `[B, H, W, 3]`. */
  readonly images: Tensor4D;
  /** Boolean `[B, H, W]`, true on padding. */
  readonly mask: Tensor3D;
  /** Size of each image without its padding. */
  readonly sizes: readonly ImageSize[];
}
