import { readFile } from "node:fs/promises";
import { endianness } from "node:os";
import { DataError, DetrkitError } from "@detrkit/common";
import { describeSystemError, nameFile } from "@detrkit/common/files";
import sharp from "sharp";
import type { Metadata, Sharp } from "sharp";
import { fileKind, supportedFormats } from "./file-kind.ts";
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

/** The bytes of an image. @throws DataError naming it where it cannot be read, or is empty */
export async function readSource(source: ImageSource, name: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = typeof source === "string" ? await readFile(source) : source;
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const reason = missing ? "no such file" : (describeSystemError(nameFile(error, name))?.text ?? "cannot be read");
    throw new DataError(reason.startsWith(name) ? reason : `${name}: ${reason}`, { cause: error });
  }
  if (bytes.length === 0)
    throw new DataError(`${name}: the file has 0 bytes; fetch it again, or remove it from the data set`);
  return bytes;
}

function open(bytes: Uint8Array, options: { autoOrient: boolean; limitInputPixels?: false }): Sharp {
  // Colour profiles are left alone, as PIL leaves them, so that the bytes are those a PyTorch loader would see.
  return sharp(bytes, { failOn: "error", ignoreIcc: true, limitInputPixels: mostPixels, ...options });
}

/** What is wrong with a file that the decoder refused: its kind, or its content. */
function undecodable(name: string, bytes: Uint8Array, error: unknown): DataError {
  if (DetrkitError.isInstance(error)) return error;
  const kind = fileKind(bytes);
  const text = kind.supported
    ? `cannot be decoded (${reasonOf(error)}); the file is damaged: replace it, or remove it from the data set`
    : kind.name === undefined
      ? `unsupported: it is no image of a known format; expected ${supportedFormats}`
      : `${kind.name} is unsupported; convert it to ${supportedFormats}`;
  return new DataError(`${name}: ${text}`, { cause: error });
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message.trim() : String(error));

/** What errors call an image. */
export const nameOf = (source: ImageSource, options: DecodeOptions): string =>
  options.name ?? (typeof source === "string" ? source : "image");

/**
 * Decodes JPEG, PNG, WebP, GIF (first frame), TIFF, AVIF or SVG to 8-bit RGB, byte for byte as PIL's
 * `open(…).convert("RGB")` does. Grey becomes three equal channels. CMYK is converted without a profile. Alpha is
 * dropped without blending, so a transparent pixel keeps the colour that is stored for it. Two things are done that PIL
 * does not do: EXIF orientation is applied, and grey of 16 bits loses the lower eight, where PIL makes white of all
 * values above 255.
 *
 * @throws DataError naming the file when it is missing, empty, truncated, too large or of another format
 */
export async function decodeImage(source: ImageSource, options: DecodeOptions = {}): Promise<RgbImage> {
  const name = nameOf(source, options);
  return await decodeBytes(await readSource(source, name), name, options.orientation);
}

/** {@link decodeImage} of bytes that are there. */
export async function decodeBytes(
  bytes: Uint8Array,
  name: string,
  orientation: DecodeOptions["orientation"],
): Promise<RgbImage> {
  try {
    const { format, space, depth } = await readMetadata(bytes, name);
    const image = open(bytes, { autoOrient: orientation !== "ignore" });
    if (space === "cmyk") return await decodeCmyk(image, depth === "ushort");
    if (format === "gif") return await decodeGif(image, bytes);
    const { pixels, width, height } = await rawPixels(image.removeAlpha().toColourspace("srgb"));
    return { width, height, data: pixels };
  } catch (error) {
    throw undecodable(name, bytes, error);
  }
}

/** What the decoder takes at most, which is 800 MB of RGB. */
const mostPixels = 268_402_689;
/** More pixels than cameras of today have. */
const manyPixels = 40e6;
/** More than any format packs into a byte, unless the picture is almost empty. */
const mostPixelsOfByte = 4096;

/**
 * What a file's header says.
 *
 * @throws DataError where it says more pixels than are taken: a few bytes may claim hundreds of millions of them, and
 *   decoding these would take gigabytes
 */
async function readMetadata(bytes: Uint8Array, name: string): Promise<Metadata> {
  // The decoder's own limit would refuse even to say how large it is.
  const metadata = await open(bytes, { autoOrient: false, limitInputPixels: false }).metadata();
  const { width, height } = metadata;
  const pixels = width * height;
  const millions = (count: number): string => `${Math.round(count / 1e6)} million`;
  const claim = `${name}: too large, ${width}x${height} are ${millions(pixels)} pixels`;
  if (pixels > mostPixels) throw new DataError(`${claim} (limit ${millions(mostPixels)}); make the image smaller`);
  if (pixels > manyPixels && pixels > bytes.length * mostPixelsOfByte)
    throw new DataError(
      `${claim} (limit ${millions(manyPixels)} in a file of ${bytes.length} bytes); ` +
        "if it is meant to be so large and empty, make it smaller",
    );
  return metadata;
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
    const header = await readMetadata(bytes, name);
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
    throw undecodable(name, bytes, error);
  }
}
