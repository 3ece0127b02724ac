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
