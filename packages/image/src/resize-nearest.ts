import type { ImageSize } from "./image-size.ts";
import type { BinaryMask } from "./rgb-image.ts";

/**
 * Source index of each output: `floor(output · source / outputs)` in float32, as PyTorch's
 * `interpolate(mode="nearest")`.
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
