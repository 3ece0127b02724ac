import type { RgbImage } from "../raster.ts";

/** One change of an image's colours, with the factor of torchvision's function of that name. */
export interface ColourAdjustment {
  readonly kind: "brightness" | "contrast" | "saturation" | "hue";
  readonly factor: number;
}

const [ofRed, ofGreen, ofBlue] = [0.2989, 0.587, 0.114].map(Math.fround) as [number, number, number];

/** How bright a pixel is, in whole levels, by the weights of the original and in its float32. */
function grey(red: number, green: number, blue: number): number {
  return Math.floor(Math.fround(Math.fround(Math.fround(red * ofRed) + green * ofGreen) + blue * ofBlue));
}

/** A level within a byte; what is behind the point is cut off, as in the original. */
function level(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

/** Puts each byte through a table. */
function mapped({ width, height, data }: RgbImage, levelOf: (byte: number) => number): RgbImage {
  const table = Uint8Array.from({ length: 256 }, (_, byte) => level(Math.fround(levelOf(byte))));
  return { width, height, data: data.map((byte) => table[byte] as number) };
}

/** The mean of a whole image's grey levels. */
function meanGrey({ data }: RgbImage): number {
  let total = 0;
  for (let at = 0; at < data.length; at += 3)
    total += grey(data[at] as number, data[at + 1] as number, data[at + 2] as number);
  return Math.fround((3 * total) / data.length);
}

/** Changes each pixel by itself. */
function byPixel(
  { width, height, data }: RgbImage,
  change: (pixel: readonly [number, number, number], write: (red: number, green: number, blue: number) => void) => void,
): RgbImage {
  const changed = new Uint8Array(data.length);
  let at = 0;
  const write = (red: number, green: number, blue: number): void => {
    changed[at] = level(red);
    changed[at + 1] = level(green);
    changed[at + 2] = level(blue);
  };
  for (; at < data.length; at += 3) change([data[at] as number, data[at + 1] as number, data[at + 2] as number], write);
  return { width, height, data: changed };
}

function saturate(image: RgbImage, factor: number): RgbImage {
  return byPixel(image, ([red, green, blue], write) => {
    const rest = Math.fround(1 - factor) * grey(red, green, blue);
    const mixed = (byte: number): number => Math.fround(Math.fround(byte * Math.fround(factor)) + rest);
    write(mixed(red), mixed(green), mixed(blue));
  });
}

/** Turns the hue by a part of the circle: red, green and blue are thirds of it. */
function turnHue(image: RgbImage, factor: number): RgbImage {
  return byPixel(image, ([red, green, blue], write) => {
    const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
    const range = most - least;
    // Grey has no hue. Levels go through [0, 1] in the original, which can move one that is turned by nothing.
    const hue = range === 0 ? 0 : hueOf(red, green, blue, most, range);
    const sixths = 6 * positivePart(hue + factor);
    const sector = Math.floor(sixths);
    const part = sixths - sector;
    const [falling, rising] = [most - range * part, least + range * part];
    const scale = (255 + 1 - 1e-3) / 255;
    const to = (...[r, g, b]: [number, number, number]): void => write(r * scale, g * scale, b * scale);
    if (sector === 0) to(most, rising, least);
    else if (sector === 1) to(falling, most, least);
    else if (sector === 2) to(least, most, rising);
    else if (sector === 3) to(least, falling, most);
    else if (sector === 4) to(rising, least, most);
    else to(most, least, falling);
  });
}

/** From 0 at red, by thirds, to 1 at red again. */
function hueOf(red: number, green: number, blue: number, most: number, range: number): number {
  const sixths =
    most === red ? (green - blue) / range : most === green ? 2 + (blue - red) / range : 4 + (red - green) / range;
  return positivePart(sixths / 6);
}

const positivePart = (value: number): number => value - Math.floor(value);

/**
 * Changes an image's colours as torchvision's `adjust_brightness`, `adjust_contrast`, `adjust_saturation` and
 * `adjust_hue` do on bytes.
 *
 * @param factor - 1 leaves brightness, contrast and saturation as they are, 0 takes them away; of the hue a part of the
 *   circle, -0.5 to 0.5
 */
export function adjustColours(image: RgbImage, { kind, factor }: ColourAdjustment): RgbImage {
  if (kind === "brightness") return mapped(image, (byte) => byte * Math.fround(factor));
  if (kind === "saturation") return saturate(image, factor);
  if (kind === "hue") return turnHue(image, factor);
  const rest = Math.fround(1 - factor) * meanGrey(image);
  return mapped(image, (byte) => Math.fround(byte * Math.fround(factor)) + rest);
}
