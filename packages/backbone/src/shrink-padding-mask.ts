import type { ImageSize } from "@detrkit/nn";
import { tensor, type Tensor3D } from "@tensorflow/tfjs-core";

/** Cells along one axis whose nearest source pixel lies within the first `filled` of `from`. */
function filledCells(filled: number, from: number, to: number): number {
  // In float32, as PyTorch computes its nearest interpolation: another rounding could move the border by a cell.
  const scale = Math.fround(from / to);
  let cells = 0;
  while (cells < to && Math.min(Math.floor(Math.fround(cells * scale)), from - 1) < filled) cells += 1;
  return cells;
}

/**
 * The padding mask of a batch at the size of a feature map, equal to nearest-neighbour interpolation of the full-size
 * mask. Padding is always to the right and below, so the mask follows from the image sizes, and no tensor is read.
 *
 * @param sizes - the images' sizes without padding, `B` of them
 * @param from - height and width of the padded batch
 * @param to - height `H` and width `W` of the feature map
 * @returns boolean `[B, H, W]`, true on padding, and each image's size in cells of the map
 */
export function shrinkPaddingMask(
  sizes: readonly ImageSize[],
  from: ImageSize,
  to: ImageSize,
): { paddingMask: Tensor3D; sizes: ImageSize[] } {
  const cells = sizes.map(({ height, width }) => ({
    height: filledCells(height, from.height, to.height),
    width: filledCells(width, from.width, to.width),
  }));
  const values = new Uint8Array(sizes.length * to.height * to.width).fill(1);
  cells.forEach(({ height, width }, image) => {
    for (let row = 0; row < height; row++) {
      const start = (image * to.height + row) * to.width;
      values.fill(0, start, start + width);
    }
  });
  return { paddingMask: tensor(values, [sizes.length, to.height, to.width], "bool") as Tensor3D, sizes: cells };
}
