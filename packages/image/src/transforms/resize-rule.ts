import type { ImageSize } from "../image-size.ts";

/** Rounds halves to the even neighbour, as Python's `round`, which the published sizes were made with. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Size of an image whose short side is to become `shortSide`. When the long side would pass `maxSide` the short one is
 * lowered to what fits, rounded; the long side then follows, truncated, and may come out one or a few pixels beyond
 * `maxSide`.
 */
export function resizedSize({ width, height }: ImageSize, shortSide: number, maxSide?: number): ImageSize {
  const short = Math.min(width, height);
  const long = Math.max(width, height);
  const fits = maxSide === undefined || (long / short) * shortSide <= maxSide;
  const target = fits ? shortSide : roundHalfEven((maxSide * short) / long);
  if (short === target) return { width, height };
  return width < height
    ? { width: target, height: Math.trunc((target * height) / width) }
    : { width: Math.trunc((target * width) / height), height: target };
}
