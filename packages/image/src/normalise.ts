import { ShapeError } from "@detrkit/common";
import { kernelMemory } from "./kernel-memory.ts";
import type { ImageSize } from "@detrkit/common";
import type { RgbImage } from "./raster.ts";

/** Mean and standard deviation of red, green and blue, on a scale from 0 to 1. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** ImageNet's, with which every published DETR was trained. */
export const imagenetNormalisation: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * `((byte / 255) - mean) / std` for all bytes, `[3 · 256]`. Each operation is rounded to float32, as in PyTorch's
 * transforms.
 */
export function normalisationTable({ mean, std }: Normalisation): Float32Array {
  const table = new Float32Array(3 * 256);
  for (let channel = 0; channel < 3; channel++) {
    const channelMean = Math.fround(mean[channel] as number);
    const channelStd = Math.fround(std[channel] as number);
    for (let byte = 0; byte < 256; byte++) {
      table[channel * 256 + byte] = Math.fround(Math.fround(byte / 255) - channelMean) / channelStd;
    }
  }
  return table;
}

/**
 * Writes the normalised image `[H, W, 3]` at the top left of `destination [padded.height, padded.width, 3]` and zeros
 * to its right and below; every entry of the destination is written.
 *
 * @param table - of {@link normalisationTable}
 */
export function normaliseInto(
  image: RgbImage,
  table: Float32Array,
  destination: Float32Array,
  padded: ImageSize = image,
): void {
  const { width, height, data } = image;
  if (width > padded.width || height > padded.height || destination.length !== padded.width * padded.height * 3) {
    throw new ShapeError(
      `normaliseInto: an image of ${width}x${height} does not fit a destination of ${destination.length} numbers ` +
        `for ${padded.width}x${padded.height}`,
    );
  }
  const memory = kernelMemory();
  const tableAt = memory.reserve(table.byteLength);
  const source = memory.reserve(width * 3);
  const target = memory.reserve(width * 12);
  memory.floats(tableAt, table.length).set(table);
  const sourceRow = memory.bytes(source, width * 3);
  const targetRow = memory.floats(target, width * 3);
  for (let y = 0; y < height; y++) {
    const start = y * padded.width * 3;
    sourceRow.set(data.subarray(y * width * 3, (y + 1) * width * 3));
    memory.kernels.normalise(source, target, width, tableAt);
    destination.set(targetRow, start);
    destination.fill(0, start + width * 3, start + padded.width * 3);
  }
  destination.fill(0, height * padded.width * 3);
}
