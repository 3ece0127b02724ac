import { DataError } from "@detrkit/common";
import sharp from "sharp";
import type { RgbImage } from "./raster.ts";

/** The bytes of a PNG file, which is lossless. */
export async function encodePng({ width, height, data }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** How {@link shrinkToWebp} writes. */
export interface WebpOptions {
  /** The largest width in pixels; a narrower picture keeps its size. */
  readonly width: number;
  /** From 1 to 100. Default: 75. */
  readonly quality?: number;
  /** What to call the picture in errors. */
  readonly name?: string;
}

/**
 * A picture for a page: the bytes of a lossy WebP file, a tenth of a PNG's or less where the picture is noisy.
 *
 * @param picture - the bytes of an image file of any kind that `decodeImage` reads
 * @throws DataError naming the picture when it cannot be read
 */
export async function shrinkToWebp(
  picture: Uint8Array,
  { width, quality = 75, name = "the picture" }: WebpOptions,
): Promise<Uint8Array> {
  try {
    // Thin coloured lines keep their colour only with the slower subsampling.
    return await sharp(picture)
      .resize({ width, withoutEnlargement: true })
      .webp({ quality, smartSubsample: true })
      .toBuffer();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${name}: cannot be written as WebP (${reason})`, { cause });
  }
}
