import { crc32 } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import type { CorpusFile } from "../bytes-target.ts";

const width = 23;
const height = 17;

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ' +
  `width="${width}" height="${height}" viewBox="0 0 23 17">` +
  '<defs><g id="g"><rect width="5" height="7" fill="#f80"/></g></defs>' +
  '<use xlink:href="#g"/><text x="3" y="9">a</text></svg>';

export const imageTokens: readonly (string | Uint8Array)[] = [
  "IHDR",
  "IDAT",
  "IEND",
  "PLTE",
  "tRNS",
  "acTL",
  "iCCP",
  "eXIf",
  "Exif\0\0MM\0*",
  "Exif\0\0II*\0",
  "ICC_PROFILE",
  "Adobe",
  "VP8 ",
  "VP8L",
  "VP8X",
  "ANIM",
  "ANMF",
  "ALPH",
  "NETSCAPE2.0",
  "ftypavif",
  "meta",
  "iloc",
  "ispe",
  "irot",
  'width="1e9"',
  'height="99999"',
  '<use xlink:href="#g"/>',
  '<image xlink:href="file:///etc/passwd"/>',
  '<!DOCTYPE x [<!ENTITY a "aaaa">]>',
  "&a;",
  "<g>",
  "</g>",
  'href="http://localhost:1/"',
  Uint8Array.of(0xff, 0xd8),
  Uint8Array.of(0xff, 0xd9),
  Uint8Array.of(0xff, 0xc0),
  Uint8Array.of(0xff, 0xc2),
  Uint8Array.of(0xff, 0xda),
  Uint8Array.of(0xff, 0xee),
  Uint8Array.of(0xff, 0xe1),
  Uint8Array.of(0x21, 0xf9, 4),
  Uint8Array.of(0x2c, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
];

/**
 * Small pictures of every form that sharp writes and detrkit reads: grey, 16 bits, alpha, CMYK, palettes, several
 * frames, turned.
 */
export async function imageFiles(): Promise<readonly CorpusFile[]> {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * 37) % 256);
  const picture = (): Sharp => sharp(pixels, { raw: { width, height, channels: 3 } });
  const frames = (): Sharp =>
    sharp(Buffer.concat([pixels, pixels.toReversed()]), {
      raw: { width, height: height * 2, channels: 3, pageHeight: height },
    });
  const files: readonly [name: string, bytes: Promise<Uint8Array>][] = [
    ["jpeg", picture().jpeg().toBuffer()],
    ["jpeg, progressive and turned", picture().withMetadata({ orientation: 6 }).jpeg({ progressive: true }).toBuffer()],
    ["jpeg, grey", picture().greyscale().jpeg().toBuffer()],
    ["jpeg, CMYK", picture().toColourspace("cmyk").jpeg().toBuffer()],
    ["png", picture().png().toBuffer()],
    ["png, palette", picture().png({ palette: true, colours: 8 }).toBuffer()],
    [
      "png, 16 bits and alpha",
      picture().ensureAlpha(0.5).toColourspace("rgb16").png({ adaptiveFiltering: true, progressive: true }).toBuffer(),
    ],
    ["webp", picture().webp().toBuffer()],
    ["webp, lossless with alpha", picture().ensureAlpha(0.5).webp({ lossless: true }).toBuffer()],
    ["webp, two frames", frames().webp().toBuffer()],
    ["gif", picture().gif().toBuffer()],
    ["gif, two frames", frames().gif().toBuffer()],
    ["tiff", picture().tiff({ compression: "lzw", predictor: "horizontal" }).toBuffer()],
    ["tiff, tiled jpeg", picture().tiff({ compression: "jpeg", tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer()],
    ["tiff, deflated, with pyramid", picture().tiff({ compression: "deflate", pyramid: true }).toBuffer()],
    ["avif", picture().avif({ effort: 0 }).toBuffer()],
    ["svg", Promise.resolve(Buffer.from(svg))],
  ];
  return Promise.all(
    files.map(async ([name, bytes]) => ({
      name,
      bytes: await bytes,
      ...(name.startsWith("png") ? { seal: withPngChecksums } : {}),
    })),
  );
}

/** Writes every chunk's checksum anew, up to where the damage leaves no chunk. */
export function withPngChecksums(bytes: Uint8Array): Uint8Array {
  const sealed = Buffer.from(bytes);
  for (let at = 8; at + 12 <= sealed.length;) {
    const end = at + 8 + sealed.readUInt32BE(at);
    if (end + 4 > sealed.length) break;
    sealed.writeUInt32BE(crc32(sealed.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return sealed;
}
