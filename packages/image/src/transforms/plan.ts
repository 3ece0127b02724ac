import { ConfigError } from "@detrkit/common";
import type { Random } from "@detrkit/common";
import type { ImageSize } from "../image-size.ts";
import { resizedSize, roundHalfEven } from "./resize-rule.ts";
import type { TransformStep } from "./steps.ts";

/** One change of an image with nothing random left in it. */
export type ImageOperation =
  | { readonly kind: "flipHorizontally" }
  | { readonly kind: "flipVertically" }
  | { readonly kind: "resize"; readonly width: number; readonly height: number }
  | {
      readonly kind: "crop";
      readonly top: number;
      readonly left: number;
      readonly width: number;
      readonly height: number;
    }
  | { readonly kind: "pad"; readonly right: number; readonly bottom: number };

/** Where a recipe's draws come from: a {@link Random}, or a recording of what another implementation drew. */
export type Draws = Pick<Random, "uniform" | "integer" | "choice">;

/** What is to be done to one image, and the size it ends with. */
export interface TransformPlan {
  readonly operations: readonly ImageOperation[];
  readonly size: ImageSize;
}

/** Size after an operation. */
export function sizeAfter(size: ImageSize, operation: ImageOperation): ImageSize {
  switch (operation.kind) {
    case "flipHorizontally":
    case "flipVertically":
      return size;
    case "resize":
    case "crop":
      return { width: operation.width, height: operation.height };
    case "pad":
      return { width: size.width + operation.right, height: size.height + operation.bottom };
  }
}

/** Sides are drawn first, width before height, and the place only where there is a choice: DETR's order of draws. */
function randomCrop({ width, height }: ImageSize, minSide: number, maxSide: number, draws: Draws): ImageOperation {
  const cropWidth = draws.integer(Math.min(minSide, width), Math.min(maxSide, width));
  const cropHeight = draws.integer(Math.min(minSide, height), Math.min(maxSide, height));
  if (cropWidth === width && cropHeight === height) return { kind: "crop", top: 0, left: 0, width, height };
  const top = draws.integer(0, height - cropHeight);
  const left = draws.integer(0, width - cropWidth);
  return { kind: "crop", top, left, width: cropWidth, height: cropHeight };
}

function choose(values: readonly number[], draws: Draws): number {
  const [first, ...rest] = values;
  if (first === undefined) throw new ConfigError(`transforms: "shortSides" of a resize expected at least one number`);
  // One value needs no draw: evaluation recipes use none.
  return rest.length === 0 ? first : draws.choice([first, ...rest]);
}

function operationsOf(step: TransformStep, size: ImageSize, draws: Draws): readonly ImageOperation[] {
  switch (step.kind) {
    case "horizontalFlip":
      return draws.uniform() < step.probability ? [{ kind: "flipHorizontally" }] : [];
    case "verticalFlip":
      return draws.uniform() < step.probability ? [{ kind: "flipVertically" }] : [];
    case "resize":
      return [{ kind: "resize", ...resizedSize(size, choose(step.shortSides, draws), step.maxSide) }];
    case "resizeTo":
      return [{ kind: "resize", width: step.width, height: step.height }];
    case "randomSizeCrop":
      return [randomCrop(size, step.minSide, step.maxSide, draws)];
    case "centreCrop": {
      const top = roundHalfEven((size.height - step.height) / 2);
      const left = roundHalfEven((size.width - step.width) / 2);
      return [{ kind: "crop", top, left, width: step.width, height: step.height }];
    }
    case "pad":
      return [{ kind: "pad", right: step.right, bottom: step.bottom }];
    case "either":
      return planTransforms(draws.uniform() < step.probability ? step.first : step.otherwise, size, draws).operations;
  }
}

/**
 * Settles a recipe's steps for one image: what will be done depends on its size and the draws only, not on its pixels.
 */
export function planTransforms(steps: readonly TransformStep[], size: ImageSize, draws: Draws): TransformPlan {
  const operations: ImageOperation[] = [];
  let current = size;
  for (const step of steps) {
    for (const operation of operationsOf(step, current, draws)) {
      operations.push(operation);
      current = sizeAfter(current, operation);
    }
  }
  return { operations, size: current };
}
