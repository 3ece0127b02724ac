import type { ImageSize } from "./image-size.ts";
import { bilinearCoefficients, weightBits } from "./resize-coefficients.ts";
import type { ResizeCoefficients } from "./resize-coefficients.ts";
import type { PixelRegion, RgbImage } from "./rgb-image.ts";

const half = 1 << (weightBits - 1);

/**
 * Resizes with antialiasing, byte for byte what Pillow's `Image.resize(…, BILINEAR)` gives: a horizontal pass rounded to
 * bytes, then a vertical one.
 *
 * @param region - the part of the result that is wanted, the whole unless told: the same bytes as cropping afterwards,
 *   without computing what would be cut off
 */
export function resizeBilinear(image: RgbImage, size: ImageSize, region: PixelRegion = { top: 0, left: 0, ...size }): RgbImage {
  const vertical = bilinearCoefficients(image.height, size.height, region.top, region.height);
  const horizontal = bilinearCoefficients(image.width, size.width, region.left, region.width);
  const firstRow = vertical.firsts[0] ?? 0;
  const lastOutput = region.height - 1;
  const rows = (vertical.firsts[lastOutput] ?? 0) + (vertical.counts[lastOutput] ?? 0) - firstRow;
  const widthKept = size.width === image.width;
  const heightKept = size.height === image.height;
  const narrow = widthKept
    ? cutColumns(image, region, firstRow, rows)
    : resizeRows(image, horizontal, firstRow, rows, region.width);
  // A pass that would keep the size is left out, as in Pillow: its weights are 1, but the rows needed may be a part.
  const data = heightKept ? narrow : resizeColumns(narrow, vertical, firstRow, region.width * 3);
  return { width: region.width, height: region.height, data };
}

function cutColumns(image: RgbImage, region: PixelRegion, firstRow: number, rows: number): Uint8Array {
  if (region.width === image.width) return image.data.subarray(firstRow * image.width * 3, (firstRow + rows) * image.width * 3);
  const cut = new Uint8Array(rows * region.width * 3);
  for (let row = 0; row < rows; row++) {
    const start = ((firstRow + row) * image.width + region.left) * 3;
    cut.set(image.data.subarray(start, start + region.width * 3), row * region.width * 3);
  }
  return cut;
}

/** The horizontal pass over `rows` source rows: `[rows · width · 3]`. */
function resizeRows(image: RgbImage, { taps, firsts, counts, weights }: ResizeCoefficients, firstRow: number, rows: number, width: number): Uint8Array {
  const source = image.data;
  const result = new Uint8Array(rows * width * 3);
  let target = 0;
  for (let row = 0; row < rows; row++) {
    const rowStart = (firstRow + row) * image.width;
    for (let output = 0; output < width; output++) {
      let from = (rowStart + (firsts[output] as number)) * 3;
      let weightIndex = output * taps;
      const count = counts[output] as number;
      let red = half;
      let green = half;
      let blue = half;
      // Two taps is nearly every output pixel when enlarging, which is what training does most.
      if (count === 2) {
        const near = weights[weightIndex] as number;
        const far = weights[weightIndex + 1] as number;
        red += Math.imul(source[from] as number, near) + Math.imul(source[from + 3] as number, far);
        green += Math.imul(source[from + 1] as number, near) + Math.imul(source[from + 4] as number, far);
        blue += Math.imul(source[from + 2] as number, near) + Math.imul(source[from + 5] as number, far);
      } else {
        for (let tap = 0; tap < count; tap++) {
          const weight = weights[weightIndex++] as number;
          red += Math.imul(source[from] as number, weight);
          green += Math.imul(source[from + 1] as number, weight);
          blue += Math.imul(source[from + 2] as number, weight);
          from += 3;
        }
      }
      result[target] = red >> weightBits;
      result[target + 1] = green >> weightBits;
      result[target + 2] = blue >> weightBits;
      target += 3;
    }
  }
  return result;
}

/** The vertical pass over rows of `stride` bytes, of which the first is source row `firstRow`. */
function resizeColumns(source: Uint8Array, { taps, firsts, counts, weights }: ResizeCoefficients, firstRow: number, stride: number): Uint8Array {
  const height = firsts.length;
  const result = new Uint8Array(height * stride);
  const sums = new Int32Array(stride);
  for (let output = 0; output < height; output++) {
    const count = counts[output] as number;
    const target = output * stride;
    const from = ((firsts[output] as number) - firstRow) * stride;
    const near = weights[output * taps] as number;
    if (count === 2) {
      const far = weights[output * taps + 1] as number;
      const below = from + stride;
      for (let index = 0; index < stride; index++) {
        result[target + index] =
          (half + Math.imul(source[from + index] as number, near) + Math.imul(source[below + index] as number, far)) >> weightBits;
      }
      continue;
    }
    for (let index = 0; index < stride; index++) sums[index] = half + Math.imul(source[from + index] as number, near);
    for (let tap = 1; tap < count; tap++) {
      const weight = weights[output * taps + tap] as number;
      const row = from + tap * stride;
      for (let index = 0; index < stride; index++) sums[index] = (sums[index] as number) + Math.imul(source[row + index] as number, weight);
    }
    for (let index = 0; index < stride; index++) result[target + index] = (sums[index] as number) >> weightBits;
  }
  return result;
}
