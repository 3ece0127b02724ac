import { ConfigError, type ImageSize } from "@detrkit/common";

/** An 8-bit RGB picture: `H` rows of `W` pixels of three bytes, `data [H·W·3]` from the top left. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** An object's mask: `data [H·W]`, 1 on the object. */
export interface BinaryMask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A rectangle of pixels. */
export interface PixelRegion {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** What a picture and a mask have in common: rows of `width · channels` bytes. */
export type Raster = RgbImage | BinaryMask;

const channelsOf = ({ width, height, data }: Raster): number => data.length / Math.max(1, width * height);

/** Mirrors left and right; a new image or mask. */
export function flipHorizontally<Image extends Raster>(image: Image): Image {
  const { width, height, data } = image;
  const channels = channelsOf(image);
  const flipped = new Uint8Array(data.length);
  if (channels === 3) flipPixels(data, flipped, width, height);
  else for (let y = 0; y < height; y++) flipped.set(data.subarray(y * width, (y + 1) * width).toReversed(), y * width);
  return { ...image, data: flipped };
}

/** Mirrors rows of RGB pixels. */
function flipPixels(data: Uint8Array, flipped: Uint8Array, width: number, height: number): void {
  for (let y = 0; y < height; y++) {
    let from = (y * width + width - 1) * 3;
    const start = y * width * 3;
    for (let to = start; to < start + width * 3; to += 3, from -= 3) {
      flipped[to] = data[from] as number;
      flipped[to + 1] = data[from + 1] as number;
      flipped[to + 2] = data[from + 2] as number;
    }
  }
}

/** Mirrors top and bottom; a new image or mask. */
export function flipVertically<Image extends Raster>(image: Image): Image {
  const { width, height, data } = image;
  const stride = width * channelsOf(image);
  const flipped = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) flipped.set(data.subarray(y * stride, (y + 1) * stride), (height - 1 - y) * stride);
  return { ...image, data: flipped };
}

/** Cuts a rectangle out; a new image or mask. */
export function crop<Image extends Raster>(image: Image, region: PixelRegion): Image {
  const { top, left, height, width } = region;
  if (top < 0 || left < 0 || top + height > image.height || left + width > image.width) {
    throw new ConfigError(
      `crop: region ${width}x${height} at left ${left}, top ${top} reaches outside the image of ` +
        `${image.width}x${image.height}`,
    );
  }
  const channels = channelsOf(image);
  const stride = width * channels;
  const data = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + stride), y * stride);
  }
  return { ...image, height, width, data };
}

/**
 * Lays one image or mask onto another; what reaches beyond it is cut.
 *
 * @param onto - changed in place
 * @param at - where the top left corner of `image` comes to lie; may be outside
 */
export function paste<Image extends Raster>(
  onto: Image,
  image: Image,
  { left, top }: Pick<PixelRegion, "left" | "top">,
): void {
  const channels = channelsOf(onto);
  const [first, end] = [Math.max(0, left), Math.min(onto.width, left + image.width)];
  if (end <= first) return;
  for (let y = Math.max(0, top); y < Math.min(onto.height, top + image.height); y++) {
    const from = ((y - top) * image.width + first - left) * channels;
    onto.data.set(image.data.subarray(from, from + (end - first) * channels), (y * onto.width + first) * channels);
  }
}

/** Adds zeros at the right and the bottom; a new image or mask. */
export function padRightBottom<Image extends Raster>(image: Image, right: number, bottom: number): Image {
  const channels = channelsOf(image);
  const width = image.width + right;
  const height = image.height + bottom;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < image.height; y++) {
    const stride = image.width * channels;
    data.set(image.data.subarray(y * stride, (y + 1) * stride), y * width * channels);
  }
  return { ...image, height, width, data };
}

/**
 * Source index of each output: `floor(output · source / outputs)` in float32, as PyTorch's
 * `interpolate(mode="nearest")` computes it.
 */
function nearestIndices(source: number, outputs: number): Int32Array {
  const scale = Math.fround(source / outputs);
  return Int32Array.from({ length: outputs }, (_, output) =>
    Math.min(Math.floor(Math.fround(output * scale)), source - 1),
  );
}

/** Resizes a mask without mixing values. */
export function resizeNearest(mask: BinaryMask, { height, width }: ImageSize): BinaryMask {
  const rows = nearestIndices(mask.height, height);
  const columns = nearestIndices(mask.width, width);
  const data = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const from = (rows[y] as number) * mask.width;
    for (let x = 0; x < width; x++) data[y * width + x] = mask.data[from + (columns[x] as number)] as number;
  }
  return { height, width, data };
}
