import { imagenetNormalisation, type Normalisation } from "../normalise.ts";
import type { ImageSize } from "@detrkit/common";

import { either, horizontalFlip, randomSizeCrop, type TransformStep, verticalFlip } from "./built-in.ts";
import { colourJitter, type ColourJitterSettings } from "./colour-jitter.ts";
import { expand, type ExpandSettings } from "./expand.ts";
import { mosaic, type MosaicSettings } from "./mosaic.ts";
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
  /** Puts four images together when training. Default: never. */
  readonly mosaic?: Omit<MosaicSettings, keyof ImageSize>;
  /** Lays an image onto a larger one when training, so that objects get smaller. Default: never. */
  readonly expand?: ExpandSettings;
  /** Changes colours when training. Default: not. */
  readonly colourJitter?: ColourJitterSettings;
}

/** How DETR's recipe is varied; by default it is as published. */
export interface DetrRecipeOptions extends RecipeOptions {
  /** Short sides that training draws from; evaluation takes the largest. */
  readonly shortSides?: readonly number[];
  readonly maxSide?: number;
}

/** What is added to a recipe's own steps when training. */
interface Around {
  /** Of a mosaic. */
  readonly size: ImageSize;
  /** Before an image is laid onto a larger one: that of a large photograph would take much memory. */
  readonly fit: TransformStep;
}

function recipe(
  { training, flips = "horizontal", mosaic: four, expand: larger, colourJitter: colours }: RecipeOptions,
  steps: readonly TransformStep[],
  { size, fit }: Around,
): TransformRecipe {
  const normalisation = imagenetNormalisation;
  if (!training) return { steps, normalisation };
  const before: TransformStep[] = [];
  if (four !== undefined) before.push(mosaic({ ...four, ...size }));
  if (flips !== "none") before.push(horizontalFlip({ probability: 0.5 }));
  if (flips === "both") before.push(verticalFlip({ probability: 0.5 }));
  if (larger !== undefined) before.push(fit, expand(larger));
  // Colours last, when there are fewest pixels.
  const after = colours === undefined ? [] : [colourJitter(colours)];
  return { steps: [...before, ...steps, ...after], normalisation };
}

/** DETR's recipe. Training flips, then resizes, half the time a random part of the image. */
export function detrRecipe({
  shortSides = [480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800],
  maxSide = 1333,
  ...options
}: DetrRecipeOptions): TransformRecipe {
  const { training } = options;
  const largest = Math.max(...shortSides);
  const whole = resize({ shortSides: training ? shortSides : [largest], maxSide });
  const part = [resize({ shortSides: [400, 500, 600] }), randomSizeCrop({ minSide: 384, maxSide: 600 }), whole];
  const resized = training ? either({ probability: 0.5, first: [whole], otherwise: part }) : whole;
  const size = { width: largest, height: largest };
  return recipe(options, [resized], { size, fit: resize({ shortSides: [largest], maxSide }) });
}

/** DETR's training recipe, as published. */
export const detrTraining: TransformRecipe = detrRecipe({ training: true });

/** DETR's evaluation recipe, as published. */
export const detrEvaluation: TransformRecipe = detrRecipe({ training: false });

/**
 * For small models on photographs: every image fits into one size with its proportions kept. The rest of the size is
 * padding, which the padding mask tells the model.
 */
export function letterboxed({ width, height }: ImageSize, options: RecipeOptions): TransformRecipe {
  const size = { width, height };
  return recipe(options, [letterbox(size)], { size, fit: letterbox(size) });
}

/** One size for every image, whatever its proportions: for images that all have the same. */
export function fixedSize({ width, height }: ImageSize, options: RecipeOptions): TransformRecipe {
  const size = { width, height };
  return recipe(options, [resizeTo(size)], { size, fit: resizeTo(size) });
}
