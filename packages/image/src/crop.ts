import { ConfigError } from "@detrkit/common";
import type { PixelRegion } from "./rgb-image.ts";

interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Cuts a rectangle out; a new image or mask. */
export function crop<Image extends Raster>(image: Image, region: PixelRegion): Image {
  const { top, left, height, width } = region;
  if (top < 0 || left < 0 || top + height > image.height || left + width > image.width) {
    throw new ConfigError(
      `crop: region ${width}x${height} at left ${left}, top ${top} reaches outside the image of ${image.width}x${image.height}`,
    );
  }
  const channels = image.data.length / Math.max(1, image.width * image.height);
  const stride = width * channels;
  const data = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + stride), y * stride);
  }
  return { ...image, height, width, data };
}

/** Adds zeros at the right and the bottom; a new image or mask. */
export function padRightBottom<Image extends Raster>(image: Image, right: number, bottom: number): Image {
  const channels = image.data.length / Math.max(1, image.width * image.height);
  const width = image.width + right;
  const height = image.height + bottom;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < image.height; y++) {
    const stride = image.width * channels;
    data.set(image.data.subarray(y * stride, (y + 1) * stride), y * width * channels);
  }
  return { ...image, height, width, data };
}
