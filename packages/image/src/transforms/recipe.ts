import { imagenetNormalisation, type Normalisation } from "../normalise.ts";
import type { ImageSize } from "@detrkit/common";

import {
  either,
  horizontalFlip,
  randomSizeCrop,
  resize,
  resizeTo,
  type TransformStep,
  verticalFlip,
} from "./built-in.ts";

/** What is done to an image and its boxes before the model sees them. */
export interface TransformRecipe {
  readonly steps: readonly TransformStep[];
  readonly normalisation: Normalisation;
}

const shortSides = [480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800] as const;
const multiScale = resize({ shortSides, maxSide: 1333 });

/** DETR's training recipe: flip, then a resize, half the time of a random part of the image. */
export const detrTraining: TransformRecipe = {
  steps: [
    horizontalFlip({ probability: 0.5 }),
    either({
      probability: 0.5,
      first: [multiScale],
      otherwise: [resize({ shortSides: [400, 500, 600] }), randomSizeCrop({ minSide: 384, maxSide: 600 }), multiScale],
    }),
  ],
  normalisation: imagenetNormalisation,
};

/** DETR's evaluation recipe. */
export const detrEvaluation: TransformRecipe = {
  steps: [resize({ shortSides: [800], maxSide: 1333 })],
  normalisation: imagenetNormalisation,
};

/** For small models: one fixed size, flips both ways when training. */
export function fixedSize({ width, height }: ImageSize, { training }: { readonly training: boolean }): TransformRecipe {
  const flips = [horizontalFlip({ probability: 0.5 }), verticalFlip({ probability: 0.5 })];
  return { steps: [...(training ? flips : []), resizeTo({ width, height })], normalisation: imagenetNormalisation };
}
