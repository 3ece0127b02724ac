import { kernelMemory } from "./kernel-memory.ts";
import type { KernelMemory, PlacedCoefficients } from "./kernel-memory.ts";
import { bilinearCoefficients } from "./resize-coefficients.ts";
import type { ResizeCoefficients } from "./resize-coefficients.ts";
import type { ImageSize } from "@detrkit/common";
import type { PixelRegion, RgbImage } from "./raster.ts";

/** Rounds halves to the even neighbour, as Python's `round`, with which the published sizes were made. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Size of an image whose short side is to become `shortSide`. When the long side would pass `maxSide`, the short one is
 * lowered to what fits, rounded. The long side then follows, truncated, and may be one or a few pixels beyond
 * `maxSide`. Of a strip so thin that nothing would be left of its short side, where the original fails, a pixel is.
 */
export function resizedSize({ width, height }: ImageSize, shortSide: number, maxSide?: number): ImageSize {
  const short = Math.min(width, height);
  const long = Math.max(width, height);
  const fits = maxSide === undefined || (long / short) * shortSide <= maxSide;
  const target = fits ? shortSide : roundHalfEven((maxSide * short) / long);
  if (!fits && target === 0) return width < height ? { width: 1, height: maxSide } : { width: maxSide, height: 1 };
  if (short === target) return { width, height };
  return width < height
    ? { width: target, height: Math.trunc((target * height) / width) }
    : { width: Math.trunc((target * width) / height), height: target };
}

/**
 * Output rows that are computed together: what they need fits into the processor's cache, and large images take little
 * memory.
 */
const stripRows = 64;

/**
 * Resizes with antialiasing, byte for byte what `Image.resize(…, BILINEAR)` of Pillow up to 12 gives: a horizontal pass
 * rounded to bytes, then a vertical one. Pillow 13 takes the vertical one first in some cases where the height shrinks,
 * which changes some bytes by one.
 *
 * @param region - the part of the result that is wanted. Default: all of it. The bytes are those of a crop afterwards,
 *   but what it would cut off is not computed.
 */
export function resizeBilinear(
  image: RgbImage,
  size: ImageSize,
  region: PixelRegion = { top: 0, left: 0, height: size.height, width: size.width },
): RgbImage {
  const { width, height } = region;
  const vertical = bilinearCoefficients(image.height, size.height, region.top, height);
  const memory = kernelMemory();
  // A pass that would keep the size is left out, as in Pillow.
  const horizontal =
    size.width === image.width
      ? undefined
      : memory.place(bilinearCoefficients(image.width, size.width, region.left, width));
  const data = new Uint8Array(width * height * 3);
  const tallest = tallestStrip(vertical);
  const rows = {
    source: memory.reserve(tallest * image.width * 3),
    narrow: memory.reserve(tallest * width * 3),
    target: memory.reserve(stripRows * width * 3),
  };
  const placed = memory.place(vertical);
  for (let start = 0; start < height; start += stripRows) {
    const count = Math.min(stripRows, height - start);
    const firstRow = vertical.firsts[start] as number;
    const last = start + count - 1;
    const needed = (vertical.firsts[last] as number) + (vertical.counts[last] as number) - firstRow;
    let at =
      horizontal === undefined
        ? cutRows(memory, rows.narrow, image, region, firstRow, needed)
        : narrowRows(memory, rows, image, horizontal, width, firstRow, needed);
    if (size.height !== image.height) {
      shiftFirsts(memory, placed, vertical, start, count, firstRow);
      memory.kernels.resizeColumns(
        at,
        rows.target,
        count,
        width * 3,
        placed.firsts + 4 * start,
        placed.counts + 4 * start,
        placed.weights + 4 * start * placed.taps,
        placed.taps,
      );
      at = rows.target;
    }
    data.set(memory.bytes(at, count * width * 3), start * width * 3);
  }
  return { width, height, data };
}

/** The most source rows that one strip needs. */
function tallestStrip({ firsts, counts }: ResizeCoefficients): number {
  let tallest = 0;
  for (let start = 0; start < firsts.length; start += stripRows) {
    const last = Math.min(start + stripRows, firsts.length) - 1;
    tallest = Math.max(tallest, (firsts[last] as number) + (counts[last] as number) - (firsts[start] as number));
  }
  return tallest;
}

/** Copies source rows in without changing them, the region's columns only. */
function cutRows(
  memory: KernelMemory,
  at: number,
  image: RgbImage,
  { left, width }: PixelRegion,
  firstRow: number,
  rows: number,
): number {
  const target = memory.bytes(at, rows * width * 3);
  for (let row = 0; row < rows; row++) {
    const from = ((firstRow + row) * image.width + left) * 3;
    target.set(image.data.subarray(from, from + width * 3), row * width * 3);
  }
  return at;
}

/** Copies source rows in and resizes them to `width`. */
function narrowRows(
  memory: KernelMemory,
  rows: { readonly source: number; readonly narrow: number },
  image: RgbImage,
  { firsts, counts, weights, taps }: PlacedCoefficients,
  width: number,
  firstRow: number,
  count: number,
): number {
  const stride = image.width * 3;
  memory.bytes(rows.source, count * stride).set(image.data.subarray(firstRow * stride, (firstRow + count) * stride));
  memory.kernels.resizeRows(rows.source, rows.narrow, count, stride, width, firsts, counts, weights, taps);
  return rows.narrow;
}

/** Makes the strip's first rows count from the first row that was copied in. */
function shiftFirsts(
  memory: KernelMemory,
  placed: PlacedCoefficients,
  { firsts }: ResizeCoefficients,
  start: number,
  count: number,
  firstRow: number,
): void {
  const bytes = memory.bytes(placed.firsts + 4 * start, 4 * count);
  const shifted = new Int32Array(bytes.buffer, bytes.byteOffset, count);
  for (let row = 0; row < count; row++) shifted[row] = (firsts[start + row] as number) - firstRow;
}
