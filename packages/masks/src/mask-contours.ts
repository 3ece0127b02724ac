import { maskBoundingBox } from "./mask-geometry.ts";
import type { RunLengthMask } from "./run-length-mask.ts";

/**
 * A closed line along the edges of pixels, as a flat list `x, y, x, y, …` of its corners; the first is not repeated.
 * The foreground lies at its right: outer lines go clockwise, those around holes against it.
 */
export type Contour = readonly number[];

/**
 * The part of a mask that holds its foreground, with one pixel of background around it. Columns lie one after the other
 * as in the run lengths, so each run is filled at once.
 */
interface FramedMask {
  readonly pixels: Uint8Array;
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  /** From one column to the next. */
  readonly stride: number;
}

function framed(mask: RunLengthMask): FramedMask {
  const [left, top, columns, rows] = maskBoundingBox(mask);
  const stride = rows + 2;
  const pixels = new Uint8Array((columns + 2) * stride);
  let position = 0;
  mask.counts.forEach((count, run) => {
    const end = position + count;
    if (run % 2 === 0) position = end;
    while (position < end) {
      // A run can go on in the next column.
      const column = Math.floor(position / mask.height);
      const row = position - column * mask.height;
      const length = Math.min(end - position, mask.height - row);
      const first = (column - left + 1) * stride + row - top + 1;
      pixels.fill(1, first, first + length);
      position += length;
    }
  });
  return { pixels, left, top, columns, stride };
}

/** East, south, west, north: a turn to the right is one further. */
const steps = [
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: -1, y: 0 },
  { x: 0, y: -1 },
] as const;

/** From a corner to the pixel ahead at the right, by direction. The one ahead at the left is that of one turn less. */
const aheadAtRight = [
  { x: 0, y: 0 },
  { x: -1, y: 0 },
  { x: -1, y: -1 },
  { x: 0, y: -1 },
] as const;

/**
 * The outlines of a mask: together, by the even-odd rule, exactly its pixels. Pixels that touch at a corner only have
 * outlines of their own. An empty mask has none.
 */
export function maskContours(mask: RunLengthMask): Contour[] {
  const frame = framed(mask);
  const { pixels, columns, stride } = frame;
  // Every closed line goes east somewhere, along the upper edge of a pixel; each such edge belongs to one line.
  const traced = new Uint8Array(pixels.length);
  const contours: Contour[] = [];
  for (let column = 1; column <= columns; column++) {
    for (let row = 1; row < stride - 1; row++) {
      const pixel = column * stride + row;
      if (pixels[pixel] === 1 && pixels[pixel - 1] === 0 && traced[pixel] === 0)
        contours.push(trace(frame, column, row, traced));
    }
  }
  return contours;
}

/** Follows the line that begins at the upper left corner of a pixel, and marks the upper edges that it goes along. */
function trace({ pixels, left, top, stride }: FramedMask, column: number, row: number, traced: Uint8Array): Contour {
  const contour: number[] = [];
  let [x, y, direction] = [column, row, 0];
  // The corner at (x, y) is the upper left one of the pixel at (x, y).
  const isForeground = (turned: number): boolean => {
    const ahead = aheadAtRight[turned % 4] as (typeof aheadAtRight)[number];
    return pixels[(x + ahead.x) * stride + y + ahead.y] === 1;
  };
  do {
    if (direction === 0) traced[x * stride + y] = 1;
    const step = steps[direction] as (typeof steps)[number];
    x += step.x;
    y += step.y;
    const turn = isForeground(direction) ? (isForeground(direction + 3) ? 3 : 0) : 1;
    if (turn !== 0) contour.push(x + left - 1, y + top - 1);
    direction = (direction + turn) % 4;
  } while (x !== column || y !== row || direction !== 0);
  return contour;
}
