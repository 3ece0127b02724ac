import type { ImageSize } from "@detrkit/common";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/**
 * Images of several sizes in one tensor: each at the top left, zeros to its right and below. `B` images, `H W` the
 * largest height and width of the batch.
 *
 * A padding mask is **true on padding** here and everywhere else in detrkit.
 */
export type PaddedBatch = {
  /** Normalised pixels `[B, H, W, 3]`. */
  readonly images: Tensor4D;
  /** Boolean `[B, H, W]`, true on padding. */
  readonly paddingMask: Tensor3D;
  /** Size of each image without its padding. */
  readonly sizes: ImageSize[];
};

/**
 * The padding mask of images at the top left of a common size, as plain bytes `[B · H · W]`: 1 on padding.
 *
 * @param sizes - of each image, none larger than `padded`
 * @param padded - `H`, `W`
 */
export function paddingMaskOf(sizes: readonly ImageSize[], { height, width }: ImageSize): Uint8Array {
  const mask = new Uint8Array(sizes.length * height * width);
  sizes.forEach((size, position) => {
    const start = position * height * width;
    for (let y = 0; y < size.height; y++) mask.fill(1, start + y * width + size.width, start + (y + 1) * width);
    mask.fill(1, start + size.height * width, start + height * width);
  });
  return mask;
}
