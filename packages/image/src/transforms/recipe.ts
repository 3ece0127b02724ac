import { imagenetNormalisation, type Normalisation } from "../normalise.ts";
import type { ImageSize } from "@detrkit/common";

import { either, horizontalFlip, randomSizeCrop, type TransformStep, verticalFlip } from "./built-in.ts";
import { letterbox, resize, resizeTo } from "./resizes.ts";

/** What is done to an image and its boxes before the model sees them. */
export interface TransformRecipe {
  readonly steps: readonly TransformStep[];
  readonly normalisation: Normalisation;
}

/** How a recipe is varied. */
export interface RecipeOptions {
  /** Whether there is anything random in it. */
  readonly training: boolean;
  /**
   * Random mirror images when training, each with a probability of 1/2. Default `"horizontal"`: in a photograph up and
   * down mean something.
   */
  readonly flips?: "none" | "horizontal" | "both";
}

/** How DETR's recipe is varied; by default it is as published. */
export interface DetrRecipeOptions extends RecipeOptions {
  /** Short sides that training draws from; evaluation takes the largest. */
  readonly shortSides?: readonly number[];
  readonly maxSide?: number;
}

const flipSteps = { horizontal: horizontalFlip({ probability: 0.5 }), vertical: verticalFlip({ probability: 0.5 }) };

function recipe({ training, flips }: Required<RecipeOptions>, steps: readonly TransformStep[]): TransformRecipe {
  const drawn = { none: [], horizontal: [flipSteps.horizontal], both: Object.values(flipSteps) }[
    training ? flips : "none"
  ];
  return { steps: [...drawn, ...steps], normalisation: imagenetNormalisation };
}

/** DETR's recipe. Training flips, then resizes, half the time a random part of the image. */
export function detrRecipe({
  training,
  flips = "horizontal",
  shortSides = [480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800],
  maxSide = 1333,
}: DetrRecipeOptions): TransformRecipe {
  const whole = resize({ shortSides: training ? shortSides : [Math.max(...shortSides)], maxSide });
  const part = [resize({ shortSides: [400, 500, 600] }), randomSizeCrop({ minSide: 384, maxSide: 600 }), whole];
  const resized = training ? either({ probability: 0.5, first: [whole], otherwise: part }) : whole;
  return recipe({ training, flips }, [resized]);
}

/** DETR's training recipe, as published. */
export const detrTraining: TransformRecipe = detrRecipe({ training: true });

/** DETR's evaluation recipe, as published. */
export const detrEvaluation: TransformRecipe = detrRecipe({ training: false });

/**
 * For small models on photographs: every image fits into one size with its proportions kept. The rest of the size is
 * padding, which the padding mask tells the model.
 */
export function letterboxed(
  { width, height }: ImageSize,
  { training, flips = "horizontal" }: RecipeOptions,
): TransformRecipe {
  return recipe({ training, flips }, [letterbox({ width, height })]);
}

/** One size for every image, whatever its proportions: for images that all have the same. */
export function fixedSize(
  { width, height }: ImageSize,
  { training, flips = "horizontal" }: RecipeOptions,
): TransformRecipe {
  return recipe({ training, flips }, [resizeTo({ width, height })]);
}
