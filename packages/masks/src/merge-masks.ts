import { DataError } from "@detrkit/common";
import type { RunLengthMask } from "./run-length-mask.ts";

/** Union (or intersection) of two masks of one size, found on the run lengths. */
function mergePair(first: RunLengthMask, second: RunLengthMask, intersect: boolean): RunLengthMask {
  const { height, width } = first;
  if (second.height !== height || second.width !== width) {
    throw new DataError(
      `mergeMasks: expected masks of one size, got ${height}×${width} and ${second.height}×${second.width} ` +
        "(height × width)",
    );
  }
  const a = first.counts;
  const b = second.counts;
  const merged = new Uint32Array(a.length + b.length);
  let runs = 0;
  let runA = 0;
  let runB = 0;
  let endA = a.length > 0 ? (a[0] as number) : 0;
  let endB = b.length > 0 ? (b[0] as number) : 0;
  let foreground = 0;
  let start = 0;
  while (runA < a.length && runB < b.length) {
    const bit = intersect ? runA & runB & 1 : (runA | runB) & 1;
    const position = Math.min(endA, endB);
    // `bit` says whether the part that ends at `position` is foreground; where it changes, the run before it ends.
    if (bit !== foreground) {
      const begin = Math.max(endA - (a[runA] as number), endB - (b[runB] as number));
      merged[runs++] = begin - start;
      start = begin;
      foreground = bit;
    }
    if (endA === position && ++runA < a.length) endA += a[runA] as number;
    if (endB === position && ++runB < b.length) endB += b[runB] as number;
  }
  merged[runs++] = height * width - start;
  return { height, width, counts: merged.slice(0, runs) };
}

/**
 * Merges masks of one size: their union, or their intersection.
 * @param masks - at least one
 */
export function mergeMasks(
  masks: readonly RunLengthMask[],
  operation: "union" | "intersection" = "union",
): RunLengthMask {
  const [first, ...others] = masks;
  if (first === undefined) throw new DataError("mergeMasks: expected at least one mask, got none");
  return others.reduce((merged, mask) => mergePair(merged, mask, operation === "intersection"), first);
}
