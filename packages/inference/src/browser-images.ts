import { DataError } from "@detrkit/common";
import type { RgbImage } from "@detrkit/image/pixels";

/** What every browser has of pictures: of the DOM's types, the part that is used. */
export interface BitmapLike {
  readonly width: number;
  readonly height: number;
  /** Frees its memory. */
  close(): void;
}

/** Pixels of a canvas: `ImageData`. Four bytes each: red, green, blue, and alpha, which is left out. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

interface BrowserGlobals {
  readonly createImageBitmap?: (blob: Blob) => Promise<BitmapLike>;
  readonly OffscreenCanvas?: new (
    width: number,
    height: number,
  ) => {
    getContext(kind: "2d"): {
      drawImage(bitmap: BitmapLike, x: number, y: number): void;
      getImageData(x: number, y: number, width: number, height: number): RgbaImage;
    } | null;
  };
}

/** Pixels without their fourth byte. */
export function withoutAlpha({ width, height, data }: RgbaImage): RgbImage {
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    rgb[3 * pixel] = data[4 * pixel] ?? 0;
    rgb[3 * pixel + 1] = data[4 * pixel + 1] ?? 0;
    rgb[3 * pixel + 2] = data[4 * pixel + 2] ?? 0;
  }
  return { width, height, data: rgb };
}

/** The pixels of an ImageBitmap, which stays the caller's. @throws DataError where there is no canvas to draw it on */
export function pixelsOfBitmap(bitmap: BitmapLike): RgbImage {
  const { OffscreenCanvas } = globalThis as BrowserGlobals;
  const context = OffscreenCanvas && new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  if (!context) throw new DataError("Detector.detect: an ImageBitmap needs an OffscreenCanvas; give its ImageData");
  context.drawImage(bitmap, 0, 0);
  return withoutAlpha(context.getImageData(0, 0, bitmap.width, bitmap.height));
}

/** Decodes the bytes of an image file as the browser does. @throws DataError where it can't */
export async function decodeInBrowser(image: string | Uint8Array): Promise<RgbImage> {
  if (typeof image === "string")
    throw new DataError(
      "Detector.detect: takes pixels, an ImageBitmap or a file's bytes here, not a path: fetch it first",
    );
  const { createImageBitmap } = globalThis as BrowserGlobals;
  if (createImageBitmap === undefined)
    throw new DataError(
      "Detector.detect: there is no createImageBitmap to decode a file's bytes here; give its pixels",
    );
  let bitmap: BitmapLike;
  try {
    bitmap = await createImageBitmap(new Blob([image as Uint8Array<ArrayBuffer>]));
  } catch (cause) {
    throw new DataError("Detector.detect: the browser can't decode this image file", { cause });
  }
  try {
    return pixelsOfBitmap(bitmap);
  } finally {
    bitmap.close();
  }
}
