import type { ImageSize } from "@detrkit/nn";
import { type SineSettings, wavelength } from "./sine-settings.ts";

/**
 * The sine encoding as plain numbers, for images that fill the top left rectangle of a map: no op runs, and only
 * `height + width` different positions have to be computed.
 *
 * @param sizes - cells of each image that are not padding, `B` of them
 * @param map - height `H` and width `W` of the map
 * @returns `[B, H, W, dim]`, row-major
 */
export function sineOfSizes(sizes: readonly ImageSize[], map: ImageSize, settings: SineSettings): Float32Array {
  const { dim } = settings;
  const half = dim / 2;
  const imageLength = map.height * map.width * dim;
  const encoding = new Float32Array(sizes.length * imageLength);
  let at = 0;
  for (const { height, width } of sizes) {
    // Images of a batch often have the same size: the encoding of an earlier one is copied.
    const same = sizes.findIndex((size) => size.height === height && size.width === width) * imageLength;
    if (same < at) {
      encoding.copyWithin(at, same, same + imageLength);
      at += imageLength;
      continue;
    }
    const rows = axisEncodings(height, settings);
    const columns = axisEncodings(width, settings);
    for (let row = 0; row < map.height; row++) {
      for (let column = 0; column < map.width; column++) {
        // The cumulative count of unpadded cells along a row or column. Behind the image it stays at the image's size;
        // in rows or columns that are all padding it is 0.
        const y = column < width ? Math.min(row + 1, height) : 0;
        const x = row < height ? Math.min(column + 1, width) : 0;
        encoding.set(rows[y] as Float32Array, at);
        encoding.set(columns[x] as Float32Array, at + half);
        at += dim;
      }
    }
  }
  return encoding;
}

/** Encodings of the counts 0 to `size` along one axis. */
function axisEncodings(size: number, settings: SineSettings): Float32Array[] {
  const { dim, normalize, scale, epsilon, cellCentres } = settings;
  const waves = Array.from({ length: dim / 2 }, (_, index) => wavelength(index, settings));
  return Array.from({ length: size + 1 }, (_, count) => {
    // In rows and columns that are all padding the last count is 0 as well, so positions are divided by epsilon alone.
    const last = count === 0 ? 0 : size;
    const position = normalize ? ((count - (cellCentres ? 0.5 : 0)) / (last + epsilon)) * scale : count;
    return Float32Array.from(waves, (wave, index) =>
      index % 2 === 0 ? Math.sin(position / wave) : Math.cos(position / wave),
    );
  });
}
