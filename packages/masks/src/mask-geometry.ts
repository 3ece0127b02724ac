import type { CocoBox } from "./coco-segmentation.ts";
import type { RunLengthMask } from "./run-length-mask.ts";

/** Number of foreground pixels. */
export function maskArea(mask: RunLengthMask): number {
  let area = 0;
  for (let run = 1; run < mask.counts.length; run += 2) area += mask.counts[run] as number;
  return area;
}

/** Smallest box around the foreground: left, top, width, height; all 0 for an empty mask. */
export function maskBoundingBox(mask: RunLengthMask): CocoBox {
  const { height, width, counts } = mask;
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  let position = 0;
  for (let run = 1; run < counts.length; run += 2) {
    const first = position + (counts[run - 1] as number);
    position = first + (counts[run] as number);
    if (position === first) continue;
    const last = position - 1;
    const firstColumn = Math.floor(first / height);
    const lastColumn = Math.floor(last / height);
    if (firstColumn < left) left = firstColumn;
    if (lastColumn > right) right = lastColumn;
    if (lastColumn > firstColumn) {
      // A run that continues in the next column touches the bottom of one column and the top of the next.
      top = 0;
      bottom = height - 1;
    } else {
      top = Math.min(top, first - firstColumn * height);
      bottom = Math.max(bottom, last - firstColumn * height);
    }
  }
  return right < 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}

/** Number of pixels that are foreground in both masks, found on the run lengths. */
export function maskIntersection(first: RunLengthMask, second: RunLengthMask): number {
  const a = first.counts;
  const b = second.counts;
  let runA = 0;
  let runB = 0;
  let endA = a.length > 0 ? (a[0] as number) : 0;
  let endB = b.length > 0 ? (b[0] as number) : 0;
  let position = 0;
  let intersection = 0;
  while (runA < a.length && runB < b.length) {
    const end = endA < endB ? endA : endB;
    // Odd runs are foreground.
    if ((runA & runB & 1) === 1) intersection += end - position;
    position = end;
    if (endA === end && ++runA < a.length) endA += a[runA] as number;
    if (endB === end && ++runB < b.length) endB += b[runB] as number;
  }
  return intersection;
}
