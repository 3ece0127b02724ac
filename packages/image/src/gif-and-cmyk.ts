import type { PixelRegion } from "./raster.ts";

// What libvips decodes in another way than Pillow: the pixels that a GIF's frame does not cover, and CMYK.

/** What a GIF says of its first frame. */
export interface GifFrame {
  /** Where the frame lies; it may be smaller than the image. */
  readonly region: PixelRegion;
  /**
   * Colour of the pixels that the frame does not cover: that of its transparent index, or of index 0 where it has none.
   */
  readonly fill: readonly [red: number, green: number, blue: number];
}

// Sizes and marks of the format (GIF89a).
const headerLength = 13;
const [extension, imageDescriptor, graphicControl] = [0x21, 0x2c, 0xf9];
const descriptorLength = 10;

/** Reads the place and the fill colour of the first frame; undefined where the file has no frame. */
export function readGifFrame(bytes: Uint8Array): GifFrame | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let transparent = 0;
  let at = headerLength + paletteLength(bytes[10]);
  while (bytes[at] === extension) {
    // Its block: the length 4, flags, the delay in two bytes, the index.
    if (bytes[at + 1] === graphicControl && ((bytes[at + 3] ?? 0) & 1) === 1) transparent = bytes[at + 6] ?? 0;
    at = endOfBlocks(bytes, at + 2);
  }
  if (bytes[at] !== imageDescriptor || at + descriptorLength > bytes.length) return undefined;
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true)) as [
    number,
    number,
    number,
    number,
  ];
  const palette = paletteLength(bytes[at + 9]) > 0 ? at + descriptorLength : headerLength;
  const level = (channel: number): number => bytes[palette + 3 * transparent + channel] ?? 0;
  return { region: { left, top, width, height }, fill: [level(0), level(1), level(2)] };
}

/** Bytes of the palette that follows these flags. */
function paletteLength(flags = 0): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Where a chain of blocks ends, each with its length before it. */
function endOfBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) at += length + 1;
  return at + 1;
}

/**
 * RGB of the decoded pixels of a GIF. Decoders leave out the colour of pixels that its first frame does not cover; they
 * get it here.
 *
 * @param rgba - `[H·W·4]`
 */
export function fillGifFrame(rgba: Uint8Array, imageWidth: number, { region, fill }: GifFrame): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let pixel = 0; pixel * 4 < rgba.length; pixel++) {
    const [x, y] = [(pixel % imageWidth) - region.left, Math.floor(pixel / imageWidth) - region.top];
    const open = rgba[pixel * 4 + 3] === 0 || x < 0 || y < 0 || x >= region.width || y >= region.height;
    for (let channel = 0; channel < 3; channel++)
      rgb[pixel * 3 + channel] = open ? (fill[channel] as number) : (rgba[pixel * 4 + channel] as number);
  }
  return rgb;
}

/**
 * RGB of inks as PIL's `convert("RGB")` computes it: each channel is the light that is left by its ink and by black. No
 * colour profile is used.
 *
 * @param inks - cyan, magenta, yellow and black of each pixel, 255 is full ink
 * @param channels - bytes a pixel; those after the fourth are skipped
 */
export function cmykToRgb(inks: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((inks.length / channels) * 3);
  for (let from = 0, to = 0; to < rgb.length; from += channels) {
    const light = 255 - (inks[from + 3] as number);
    for (let ink = 0; ink < 3; ink++) rgb[to++] = light - Math.round(((inks[from + ink] as number) * light) / 255);
  }
  return rgb;
}
