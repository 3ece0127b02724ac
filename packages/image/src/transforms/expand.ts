import { ConfigError } from "@detrkit/common";
import { imagenetNormalisation } from "../normalise.ts";
import { type BinaryMask, paste, type RgbImage } from "../raster.ts";
import { moveObjects } from "./objects.ts";
import type { SizePlan } from "./resizes.ts";
import { planningKind, type TransformKind } from "./transform.ts";

/** Settings of `expand`. */
export interface ExpandSettings {
  readonly probability: number;
  /** The new sides are at most so many times the old ones, the same for both. Default 4, as published. */
  readonly maxRatio?: number;
  /** Red, green and blue around the image. Default ImageNet's mean, which normalisation makes 0. */
  readonly fill?: readonly [number, number, number];
}

interface ExpandPlan extends SizePlan {
  readonly left: number;
  readonly top: number;
  readonly fill: readonly [number, number, number];
}

const meanColour = imagenetNormalisation.mean.map((mean) => Math.round(mean * 255)) as unknown as ExpandPlan["fill"];

/** An image of one colour. */
export function filled({ width, height }: SizePlan["size"], fill: readonly [number, number, number]): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < data.length; at += 3) data.set(fill, at);
  return { width, height, data };
}

/** A mask that is laid onto an empty one of another size. */
export function movedMask(mask: BinaryMask, size: SizePlan["size"], at: { left: number; top: number }): BinaryMask {
  const { width, height } = size;
  const moved = { width, height, data: new Uint8Array(width * height) };
  paste(moved, mask, at);
  return moved;
}

/**
 * Lays the image at a random place onto a larger one of one colour, so that its objects get small once it is resized:
 * the zoom-out of SSD (arXiv:1512.02325, section 3.6), by torchvision's `RandomZoomOut`.
 */
export const expand: TransformKind<ExpandSettings> = planningKind({
  kind: "expand",
  plan({ probability, maxRatio = 4, fill = meanColour }: ExpandSettings, size, draws): ExpandPlan | undefined {
    if (!(maxRatio >= 1))
      throw new ConfigError(`transform "expand": maxRatio expected a number from 1, got ${maxRatio}`);
    if (draws.uniform() >= probability) return undefined;
    const ratio = 1 + (maxRatio - 1) * draws.uniform();
    const [width, height] = [Math.trunc(size.width * ratio), Math.trunc(size.height * ratio)];
    const left = draws.integer(0, width - size.width);
    const top = draws.integer(0, height - size.height);
    return { size: { width, height }, left, top, fill };
  },
  apply(image, { size, fill, ...at }) {
    const canvas = filled(size, fill);
    paste(canvas, image, at);
    return canvas;
  },
  applyToObjects: (objects, { size, ...at }) =>
    moveObjects(objects, {
      size,
      box: ([left, top, right, bottom]) => [left + at.left, top + at.top, right + at.left, bottom + at.top],
      mask: (mask) => movedMask(mask, size, at),
    }),
});
