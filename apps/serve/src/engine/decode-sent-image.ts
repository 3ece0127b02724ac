import { DetrkitError } from "@detrkit/common";
import { decodeImage, readImageHeader, type RgbImage } from "@detrkit/image";
import sharp from "sharp";
import type { ImageBytes, Outcome } from "./engine.ts";

// A drawing in SVG can name other files and grow without end. Nobody photographs in it.
sharp.block({ operation: ["VipsForeignLoadSvg"] });

/** The pixels of an image that a stranger sent. A file's header is read first: too many are never decoded. */
export async function decodeSentImage(
  { name, bytes, pixels }: ImageBytes,
  maxPixels: number,
): Promise<Outcome<RgbImage>> {
  try {
    const { width, height } = pixels ?? (await readImageHeader(bytes, { name }));
    if (width * height > maxPixels) {
      const detail = `${name}: ${width}x${height} are ${width * height} pixels (limit ${maxPixels}); make it smaller`;
      return { refusal: { code: "too-many-pixels", detail } };
    }
    return { answer: pixels === undefined ? await decodeImage(bytes, { name }) : { width, height, data: bytes } };
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    // The advice is for the owner of a data set.
    const detail = error.message.replace(/; (?:replace it|fetch it again), or remove it from the data set$/u, "");
    return { refusal: { code: "invalid-image", detail } };
  }
}
