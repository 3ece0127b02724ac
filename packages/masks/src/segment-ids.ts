import { DataError, type ImageSize } from "@detrkit/common";
import { encodeMask, type RunLengthMask } from "./run-length-mask.ts";

/** Ids that a pixel of three bytes can hold: 0 to 256³ - 1. */
const idCount = 256 ** 3;

/**
 * The segment id of each pixel of a panoptic picture, as COCO codes it: `red + 256·green + 256²·blue`. `P` pixels.
 *
 * @param rgb - `[P·3]` bytes of red, green and blue
 * @returns `[P]`; 0 is void, in COCO's files
 */
export function segmentIdsOfColours(rgb: Uint8Array): Int32Array {
  if (rgb.length % 3 !== 0)
    throw new DataError(`segmentIdsOfColours: expected three bytes for each pixel, got ${rgb.length} bytes`);
  return Int32Array.from(
    { length: rgb.length / 3 },
    (_, pixel) =>
      (rgb[3 * pixel] as number) + 256 * (rgb[3 * pixel + 1] as number) + 65_536 * (rgb[3 * pixel + 2] as number),
  );
}

/**
 * The colours that code segment ids, the inverse of {@link segmentIdsOfColours}.
 *
 * @param ids - `[P]`, each from 0 to 16,777,215
 * @returns `[P·3]` bytes of red, green and blue
 */
export function coloursOfSegmentIds(ids: ArrayLike<number>): Uint8Array {
  const rgb = new Uint8Array(ids.length * 3);
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const id = ids[pixel] as number;
    if (!Number.isInteger(id) || id < 0 || id >= idCount)
      throw new DataError(
        `coloursOfSegmentIds: pixel ${pixel}: expected a whole id from 0 to ${idCount - 1}, got ${id}`,
      );
    rgb.set([id & 255, (id >> 8) & 255, id >> 16], 3 * pixel);
  }
  return rgb;
}

/**
 * The pixels of one segment among those of an image.
 *
 * @param ids - of each pixel's segment `[P]`
 * @param inside - the value of the segment's pixels, from 1 to 255
 * @returns `[P]`, 0 elsewhere
 */
export function pixelsOfSegment(ids: Int32Array, id: number, inside = 1): Uint8Array {
  const pixels = new Uint8Array(ids.length);
  for (let pixel = 0; pixel < ids.length; pixel++) if (ids[pixel] === id) pixels[pixel] = inside;
  return pixels;
}

/**
 * The mask of one segment of an image. `H` height, `W` width.
 *
 * @param ids - of each pixel's segment, row by row `[H, W]`
 */
export function maskOfSegment(ids: Int32Array, id: number, { height, width }: ImageSize): RunLengthMask {
  return encodeMask(pixelsOfSegment(ids, id), height, width);
}
