import { DataError } from "@detrkit/common";
import { RunCounter } from "./run-counter.ts";

/**
 * A binary mask as run lengths: `counts` holds the lengths of runs of background and foreground in turn, background
 * first (0 where the mask starts with foreground), going down the columns, left to right. They add up to
 * `height·width`.
 */
export interface RunLengthMask {
  readonly height: number;
  readonly width: number;
  readonly counts: Uint32Array;
}

/** Makes a mask from run lengths; throws if they don't fill the image exactly. `where` names it in the error. */
export function runLengthMask(height: number, width: number, counts: Uint32Array, where = "mask"): RunLengthMask {
  let sum = 0;
  for (const count of counts) sum += count;
  if (sum !== height * width) {
    throw new DataError(
      `${where}: the run lengths add up to ${sum}, expected height × width = ${height} × ${width} = ${height * width}`,
    );
  }
  return { height, width, counts };
}

/**
 * Encodes a mask given row by row. `H` height, `W` width.
 * @param pixels - `[H, W]`, all values but 0 are foreground
 */
export function encodeMask(pixels: ArrayLike<number>, height: number, width: number): RunLengthMask {
  if (pixels.length !== height * width) {
    throw new DataError(
      `encodeMask: pixels expected [${height}, ${width}] = ${height * width} values, got ${pixels.length}`,
    );
  }
  const counts = new RunCounter();
  for (let x = 0; x < width; x++) {
    for (let index = x; index < pixels.length; index += width) counts.add(pixels[index] !== 0);
  }
  return { height, width, counts: counts.finish() };
}

/** The mask's pixels row by row: `[H, W]`, 1 is foreground. */
export function decodeMask(mask: RunLengthMask): Uint8Array {
  const { height, width, counts } = mask;
  const pixels = new Uint8Array(height * width);
  let position = 0;
  for (let run = 0; run < counts.length; run++) {
    const end = position + (counts[run] as number);
    if (run % 2 === 1) {
      for (; position < end; position++) pixels[(position % height) * width + Math.floor(position / height)] = 1;
    }
    position = end;
  }
  return pixels;
}
