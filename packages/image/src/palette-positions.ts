import { crc32 } from "node:zlib";
import { DataError } from "@detrkit/common";
import { decodeBytes, type ImageSource, nameOf, type DecodeOptions, readSource } from "./decode.ts";
import type { BinaryMask } from "./raster.ts";

const signatureLength = 8;
/** Where a PNG says how many bits a sample has, and what samples are. */
const depthAt = 24;
const kindAt = 25;
const [grey, ofPalette] = [0, 3];

/** A picture whose pixels are numbers: `data [H·W]`. */
export type PixelNumbers = BinaryMask;

/**
 * Reads pictures whose pixels are numbers rather than colours, as Pascal VOC's `SegmentationObject`: of a PNG with a
 * palette the position of each pixel's colour in it, of a grey one the level.
 *
 * @returns `undefined` of a picture whose pixels have colours of their own
 * @throws DataError naming the file when it is missing or damaged, or of grey levels that are not 8 bits
 */
export async function decodePalettePositions(
  source: ImageSource,
  options: Pick<DecodeOptions, "name"> = {},
): Promise<PixelNumbers | undefined> {
  const name = nameOf(source, options);
  const bytes = await readSource(source, name);
  const isPng =
    bytes.length > kindAt && Buffer.from(bytes.buffer, bytes.byteOffset, 4).toString("latin1") === "\u0089PNG";
  if (!isPng || (bytes[kindAt] !== ofPalette && bytes[kindAt] !== grey)) return undefined;
  if (bytes[kindAt] === grey && bytes[depthAt] !== 8)
    throw new DataError(`${name}: grey of ${bytes[depthAt]} bits; numbers of objects expected 8 bits, or a palette`);
  const numbered = bytes[kindAt] === ofPalette ? withNumbersAsColours(bytes) : bytes;
  const { width, height, data } = await decodeBytes(numbered, name, "ignore");
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, pixel) => data[3 * pixel] as number) };
}

/**
 * The PNG with a palette of the colours (0, 0, 0), (1, 1, 1), …: decoders give colours only, which then say the
 * position. All that would change colours, such as gamma, is left out.
 */
function withNumbersAsColours(bytes: Uint8Array): Uint8Array {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts = [file.subarray(0, signatureLength)];
  for (let at = signatureLength; at + 12 <= file.length;) {
    const length = file.readUInt32BE(at);
    const end = at + 12 + length;
    const type = file.toString("latin1", at + 4, at + 8);
    if (type === "PLTE" && end <= file.length) parts.push(numberedPalette(length / 3));
    else if (["IHDR", "IDAT", "IEND"].includes(type)) parts.push(file.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}

/** The chunk of a palette of that many colours, each its own position. */
function numberedPalette(colours: number): Buffer {
  const chunk = Buffer.alloc(12 + 3 * colours);
  chunk.writeUInt32BE(3 * colours, 0);
  chunk.write("PLTE", 4, "latin1");
  for (let colour = 0; colour < colours; colour++) chunk.fill(colour, 8 + 3 * colour, 11 + 3 * colour);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
  return chunk;
}
