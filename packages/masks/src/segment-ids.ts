import { DataError } from "@detrkit/common";

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
