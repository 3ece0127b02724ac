import type { ImageSize } from "@detrkit/common";
import { type PlaceOnAxis, placeOnAxis } from "@detrkit/masks";

/** Mask logits of one image's queries in plain memory, and where their cells lie. `N` masks, `h w` cells. */
export interface MaskGrid {
  /** `[N, h, w]` row-major. */
  readonly logits: Float32Array;
  /** `h`, `w`. */
  readonly cells: ImageSize;
  /** Cells in a pixel of the image as the model saw it. */
  readonly cellsPerPixel: ImageSize;
  /** The image as the model saw it, without padding. */
  readonly size: ImageSize;
  /** The image as it was given, in whose pixels the result is. */
  readonly sourceSize: ImageSize;
}

/** Where the centre of a pixel lies among cells. */
export function placeOfPixel(pixel: number, cellsPerPixel: number, cells: number): PlaceOnAxis {
  return placeOnAxis((pixel + 0.5) * cellsPerPixel, cells);
}

/** The pixel that each pixel of another size takes by PyTorch's nearest interpolation: `[to]`. */
export function nearestBelow(from: number, to: number): Int32Array {
  // In float32, as PyTorch computes it.
  const scale = Math.fround(from / to);
  return Int32Array.from({ length: to }, (_, pixel) => Math.min(Math.floor(Math.fround(pixel * scale)), from - 1));
}

/** The same by Pillow's nearest resizing, which takes the pixel at the middle: `[to]`. */
export function nearestMiddle(from: number, to: number): Int32Array {
  const scale = from / to;
  return Int32Array.from({ length: to }, (_, pixel) => Math.min(Math.floor((pixel + 0.5) * scale), from - 1));
}
