import { imagenetNormalisation } from "../normalise.ts";
import type { Normalisation } from "../normalise.ts";

/** One step of a recipe, as plain data: it can be stored in a configuration and sent to another thread. */
export type TransformStep =
  | { readonly kind: "horizontalFlip"; readonly probability: number }
  | { readonly kind: "verticalFlip"; readonly probability: number }
  /** The short side becomes one of `shortSides`, drawn evenly; the long one at most `maxSide`. */
  | { readonly kind: "resize"; readonly shortSides: readonly number[]; readonly maxSide?: number }
  /** Exactly this size, whatever the proportions. */
  | { readonly kind: "resizeTo"; readonly width: number; readonly height: number }
  /** A random part whose sides are drawn evenly from `minSide` to `maxSide` (and at most the image's). */
  | { readonly kind: "randomSizeCrop"; readonly minSide: number; readonly maxSide: number }
  | { readonly kind: "centreCrop"; readonly width: number; readonly height: number }
  | { readonly kind: "pad"; readonly right: number; readonly bottom: number }
  /** With `probability` the first steps, otherwise the others. */
  | {
      readonly kind: "either";
      readonly probability: number;
      readonly first: readonly TransformStep[];
      readonly otherwise: readonly TransformStep[];
    };

/** What is done to an image and its boxes before the model sees them. */
export interface TransformRecipe {
  readonly steps: readonly TransformStep[];
  readonly normalisation: Normalisation;
}

const shortSides = [480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800] as const;
const multiScale: TransformStep = { kind: "resize", shortSides, maxSide: 1333 };

/** DETR's training recipe: flip, then a resize, half the time of a random part of the image. */
export const detrTraining: TransformRecipe = {
  steps: [
    { kind: "horizontalFlip", probability: 0.5 },
    {
      kind: "either",
      probability: 0.5,
      first: [multiScale],
      otherwise: [
        { kind: "resize", shortSides: [400, 500, 600] },
        { kind: "randomSizeCrop", minSide: 384, maxSide: 600 },
        multiScale,
      ],
    },
  ],
  normalisation: imagenetNormalisation,
};

/** DETR's evaluation recipe. */
export const detrEvaluation: TransformRecipe = {
  steps: [{ kind: "resize", shortSides: [800], maxSide: 1333 }],
  normalisation: imagenetNormalisation,
};

/** Small models: one fixed size, flips both ways when training. */
export function fixedSize(
  size: { readonly width: number; readonly height: number },
  { training }: { readonly training: boolean },
): TransformRecipe {
  const resize: TransformStep = { kind: "resizeTo", width: size.width, height: size.height };
  const flips: readonly TransformStep[] = [
    { kind: "horizontalFlip", probability: 0.5 },
    { kind: "verticalFlip", probability: 0.5 },
  ];
  return { steps: training ? [...flips, resize] : [resize], normalisation: imagenetNormalisation };
}
