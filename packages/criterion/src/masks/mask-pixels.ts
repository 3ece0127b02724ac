import type { ImageSize } from "@detrkit/common";
import type { TargetMasks } from "@detrkit/boxes";
import { matMul, reshape, type Tensor2D, tensor2d, type Tensor3D, tensor3d } from "@tensorflow/tfjs-core";
import { forEachPair, type PredictionGroup } from "../prediction-group.ts";
import { bilinearMatrix } from "./bilinear-matrix.ts";
import { drawPadded } from "./target-masks.ts";

/**
 * Mask logits at all pixels of the padded images `[N, H·W]`.
 *
 * @param logits - `[N, h, w]`
 */
export function logitsOfPixels(logits: Tensor3D, { height, width }: ImageSize): Tensor2D {
  const [count, rows, columns] = logits.shape;
  // Rows first, as a product from the left of every mask; then columns, as one product of all rows.
  const fromRows = tensor3d(bilinearMatrix(height, rows), [1, height, rows]);
  const fromColumns = tensor2d(bilinearMatrix(width, columns), [width, columns]);
  const tall = matMul(fromRows, logits); // [N, H, w]
  const full = matMul(reshape(tall, [count * height, columns]), fromColumns, false, true); // [N·H, W]
  return reshape(full, [count, height * width]);
}

/**
 * The target masks of `N` matched pairs `[N, H·W]`: 1 inside, -1 outside.
 *
 * @param count - `N`
 */
export function signsOfPixels(size: ImageSize, group: PredictionGroup, count: number): Tensor2D {
  const pixels = size.height * size.width;
  const signs = new Float32Array(count * pixels).fill(-1);
  let pair = 0;
  forEachPair(group, (_, target, { masks }) => {
    drawPadded(masks as TargetMasks, target, size, signs.subarray(pair * pixels, (pair + 1) * pixels));
    pair += 1;
  });
  return tensor2d(signs, [count, pixels]);
}
