import { readFile } from "node:fs/promises";
import { endianness } from "node:os";
import { DataError } from "@detrkit/common";
import sharp from "sharp";
import type { Sharp } from "sharp";
import { cmykToRgb, fillGifFrame, readGifFrame } from "./gif-and-cmyk.ts";
import type { RgbImage } from "./raster.ts";

/** A path, or the bytes of an image file. */
export type ImageSource = string | Uint8Array;

/** Settings of `decodeImage`. */
export interface DecodeOptions {
  /** What error messages call the image. Default: the path. */
  readonly name?: string;
  /**
   * Whether to turn and mirror the pixels as the EXIF orientation of the file says (default), or to leave them as they
   * are stored.
   */
  readonly orientation?: "apply" | "ignore";
}

/** What the header of an image file says; nothing is decoded. */
export interface ImageHeader {
  /** Size as shown, EXIF orientation applied. */
  readonly width: number;
  readonly height: number;
  /** Size of the stored pixel grid. */
  readonly storedWidth: number;
  readonly storedHeight: number;
  readonly format: string;
  /** `"srgb"`, `"b-w"`, `"cmyk"`, `"rgb16"`, `"grey16"`, … */
  readonly colourSpace: string;
  /** `"uchar"`, `"ushort"`, … */
  readonly depth: string;
  readonly hasAlpha: boolean;
  /** EXIF orientation; 1 (upright) where the file has none. */
  readonly orientation: number;
}

async function readSource(source: ImageSource, name: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = typeof source === "string" ? await readFile(source) : source;
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new DataError(`${name}: ${missing ? "no such file" : "cannot be read"}`, { cause: error });
  }
  if (bytes.length === 0)
    throw new DataError(`${name}: the file has 0 bytes; fetch it again, or remove it from the data set`);
  return bytes;
}

function open(bytes: Uint8Array, options: { autoOrient: boolean }): Sharp {
  // Colour profiles are left alone, as PIL leaves them, so that the bytes are those a PyTorch loader would see.
  return sharp(bytes, { failOn: "error", ignoreIcc: true, ...options });
}

function undecodable(name: string, error: unknown): DataError {
  const reason = error instanceof Error ? error.message.trim() : String(error);
  return new DataError(
    `${name}: cannot be decoded (${reason}); the file is damaged or is no image: ` +
      "replace it, or remove it from the data set",
    {
      cause: error,
    },
  );
}

const nameOf = (source: ImageSource, options: DecodeOptions): string =>
  options.name ?? (typeof source === "string" ? source : "image");

/**
 * Decodes JPEG, PNG, WebP, GIF (first frame), TIFF, AVIF or SVG to 8-bit RGB, byte for byte as PIL's
 * `open(…).convert("RGB")` does. Grey becomes three equal channels. CMYK is converted without a profile. Alpha is
 * dropped without blending, so a transparent pixel keeps the colour that is stored for it. Two things are done that PIL
 * does not do: EXIF orientation is applied, and grey of 16 bits loses the lower eight, where PIL makes white of all
 * values above 255.
 *
 * @throws DataError naming the file when it is missing, empty, truncated or no image
 */
export async function decodeImage(source: ImageSource, options: DecodeOptions = {}): Promise<RgbImage> {
  const name = nameOf(source, options);
  const bytes = await readSource(source, name);
  try {
    const image = open(bytes, { autoOrient: options.orientation !== "ignore" });
    const { format, space, depth, width: columns, height: rows } = await image.metadata();
    refuseBomb(columns * rows, bytes.length);
    if (space === "cmyk") return await decodeCmyk(image, depth === "ushort");
    if (format === "gif") return await decodeGif(image, bytes);
    const { pixels, width, height } = await rawPixels(image.removeAlpha().toColourspace("srgb"));
    return { width, height, data: pixels };
  } catch (error) {
    throw undecodable(name, error);
  }
}

/** More pixels than cameras of today have. */
const manyPixels = 40e6;
/** More than any format packs into a byte, unless the picture is almost empty. */
const mostPixelsOfByte = 4096;

/** A few bytes may claim hundreds of millions of pixels, and decoding these would take gigabytes. */
function refuseBomb(pixels: number, bytes: number): void {
  if (pixels <= manyPixels || pixels <= bytes * mostPixelsOfByte) return;
  throw new Error(`it claims ${Math.round(pixels / 1e6)} million pixels in ${bytes} bytes`);
}

/** The inks as they are stored; libvips would assume the colour profile of a press. */
async function decodeCmyk(image: Sharp, deep: boolean): Promise<RgbImage> {
  const { pixels, width, height, channels } = await rawPixels(
    image.pipelineColourspace("cmyk").toColourspace("cmyk"),
    deep ? "ushort" : "uchar",
  );
  return { width, height, data: cmykToRgb(deep ? upperBytes(pixels) : pixels, channels) };
}

/** libvips makes transparent pixels black; the colour that the palette has for them is only in the file. */
async function decodeGif(image: Sharp, bytes: Uint8Array): Promise<RgbImage> {
  const { pixels, width, height } = await rawPixels(image.toColourspace("srgb").ensureAlpha());
  const frame = readGifFrame(bytes);
  if (frame === undefined) throw new Error("the GIF has no frame");
  return { width, height, data: fillGifFrame(pixels, width, frame) };
}

function upperBytes(pixels: Uint8Array): Uint8Array {
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return Uint8Array.from(
    { length: pixels.length / 2 },
    (_, index) => view.getUint16(2 * index, endianness() === "LE") >> 8,
  );
}

async function rawPixels(
  image: Sharp,
  depth: "uchar" | "ushort" = "uchar",
): Promise<{
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}> {
  const { data, info } = await image.raw({ depth }).toBuffer({ resolveWithObject: true });
  return {
    pixels: new Uint8Array(data.buffer, data.byteOffset, data.length),
    width: info.width,
    height: info.height,
    channels: info.channels,
  };
}

/** Reads the size and kind of an image file from its header. */
export async function readImageHeader(
  source: ImageSource,
  options: Pick<DecodeOptions, "name"> = {},
): Promise<ImageHeader> {
  const name = nameOf(source, options);
  const bytes = await readSource(source, name);
  try {
    const header = await open(bytes, { autoOrient: false }).metadata();
    const orientation = header.orientation ?? 1;
    const { width: storedWidth, height: storedHeight } = header;
    const turned = orientation >= 5;
    return {
      width: turned ? storedHeight : storedWidth,
      height: turned ? storedWidth : storedHeight,
      storedWidth,
      storedHeight,
      format: header.format,
      colourSpace: header.space,
      depth: header.depth,
      hasAlpha: header.hasAlpha,
      orientation,
    };
  } catch (error) {
    throw undecodable(name, error);
  }
}
