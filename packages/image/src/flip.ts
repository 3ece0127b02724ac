/** What the flips, the crop and the padding need to know of a picture or mask: rows of `width · channels` bytes. */
interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const channelsOf = ({ width, height, data }: Raster): number => data.length / Math.max(1, width * height);

/** Mirrors left and right; a new image or mask. */
export function flipHorizontally<Image extends Raster>(image: Image): Image {
  const { width, height, data } = image;
  const channels = channelsOf(image);
  const flipped = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    let from = (y * width + width - 1) * channels;
    let to = y * width * channels;
    for (let x = 0; x < width; x++, from -= channels, to += channels) {
      for (let channel = 0; channel < channels; channel++) flipped[to + channel] = data[from + channel] as number;
    }
  }
  return { ...image, data: flipped };
}

/** Mirrors top and bottom; a new image or mask. */
export function flipVertically<Image extends Raster>(image: Image): Image {
  const { width, height, data } = image;
  const stride = width * channelsOf(image);
  const flipped = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) flipped.set(data.subarray(y * stride, (y + 1) * stride), (height - 1 - y) * stride);
  return { ...image, data: flipped };
}
