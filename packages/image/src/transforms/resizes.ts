import { ConfigError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/common";
import { resizeBilinear, resizedSize } from "../resize-bilinear.ts";
import { scaleObjects } from "./objects.ts";
import { type Draws, planningKind, type TransformDefinition, type TransformKind } from "./transform.ts";

/** Settings of `resize`. */
export interface ResizeSettings {
  /** What the short side becomes: one of these, drawn evenly. */
  readonly shortSides: readonly number[];
  /** The most that the long side may become. */
  readonly maxSide?: number;
}

/** A plan that changes the size. */
export interface SizePlan {
  readonly size: ImageSize;
}

function choose(values: readonly number[], draws: Draws): number {
  const [first, ...rest] = values;
  if (first === undefined) throw new ConfigError(`transforms: "shortSides" of a resize expected at least one number`);
  // One value needs no draw: evaluation recipes use none.
  return rest.length === 0 ? first : draws.choice([first, ...rest]);
}

/** What all resizes share. */
const resizing = {
  apply: (image, { size }) => resizeBilinear(image, size),
  applyRegion: (image, { size }, region) => resizeBilinear(image, size, region),
  applyToObjects: (objects, { size }) => scaleObjects(objects, size),
} satisfies Partial<TransformDefinition<object, SizePlan>>;

/** Resizes to a short side, with the image's proportions. */
export const resize: TransformKind<ResizeSettings> = planningKind({
  kind: "resize",
  plan: ({ shortSides, maxSide }: ResizeSettings, size, draws): SizePlan => ({
    size: resizedSize(size, choose(shortSides, draws), maxSide),
  }),
  ...resizing,
});

/** Resizes to exactly this size, whatever the proportions. */
export const resizeTo: TransformKind<ImageSize> = planningKind({
  kind: "resizeTo",
  plan: ({ width, height }: ImageSize): SizePlan => ({ size: { width, height } }),
  ...resizing,
});

/**
 * The largest size with an image's proportions that fits into another, each side rounded to whole pixels.
 *
 * @param factor - of that size, for what is to be larger or smaller than it fits
 */
export function sizeWithin(image: ImageSize, { width, height }: ImageSize, factor = 1): ImageSize {
  const scale = Math.min(width / image.width, height / image.height) * factor;
  return {
    width: Math.max(1, Math.round(image.width * scale)),
    height: Math.max(1, Math.round(image.height * scale)),
  };
}

/**
 * Resizes to what fits into this size, with the image's proportions. What is left of the size is no part of the image:
 * a batch pads it, and the padding mask says so.
 */
export const letterbox: TransformKind<ImageSize> = planningKind({
  kind: "letterbox",
  plan: (within: ImageSize, size): SizePlan => ({ size: sizeWithin(size, within) }),
  ...resizing,
});
