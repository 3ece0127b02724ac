import sharp from "sharp";
import type { RgbImage } from "./rgb-image.ts";

/** The bytes of a PNG file, without loss. */
export async function encodePng({ width, height, data }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } }).png().toBuffer();
}
