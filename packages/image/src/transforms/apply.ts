import { crop, padRightBottom } from "../crop.ts";
import { flipHorizontally, flipVertically } from "../flip.ts";
import { resizeBilinear } from "../resize-bilinear.ts";
import type { RgbImage } from "../rgb-image.ts";
import type { ImageOperation } from "./plan.ts";

/**
 * Carries a plan out on pixels. A crop right after a resize is taken into it: what would be cut off is never computed.
 */
export function applyOperations(image: RgbImage, operations: readonly ImageOperation[]): RgbImage {
  let current = image;
  for (let index = 0; index < operations.length; index++) {
    const operation = operations[index] as ImageOperation;
    const next = operations[index + 1];
    if (operation.kind === "resize" && next?.kind === "crop") {
      current = resizeBilinear(current, operation, next);
      index++;
    } else {
      current = applyOperation(current, operation);
    }
  }
  return current;
}

function applyOperation(image: RgbImage, operation: ImageOperation): RgbImage {
  switch (operation.kind) {
    case "flipHorizontally":
      return flipHorizontally(image);
    case "flipVertically":
      return flipVertically(image);
    case "resize":
      return resizeBilinear(image, operation);
    case "crop":
      return crop(image, operation);
    case "pad":
      return padRightBottom(image, operation.right, operation.bottom);
  }
}
