import type { TargetMasks } from "@detrkit/boxes";
import { DataError, type ImageSize, ShapeError } from "@detrkit/common";
import type { PredictionGroup } from "../prediction-group.ts";

/**
 * The size of a batch's target masks.
 *
 * @throws DataError or ShapeError naming the image whose masks are missing or of another number
 */
export function expectTargetMasks({ targets }: PredictionGroup): ImageSize {
  const masks = targets.map((target, image) => expectMasks(target.masks, target.labels.length, image));
  return {
    height: Math.max(...masks.map((mask) => mask.height)),
    width: Math.max(...masks.map((mask) => mask.width)),
  };
}

function expectMasks(masks: TargetMasks | undefined, count: number, image: number): TargetMasks {
  if (masks === undefined)
    throw new DataError(
      `SetCriterion.call: a mask loss needs masks, but the targets of image ${image} have none; ` +
        "load them or leave mask losses out",
    );
  if (masks.data.length !== count * masks.height * masks.width) {
    throw new ShapeError(
      `SetCriterion.call: masks of image ${image} expected [${count}, ${masks.height}, ${masks.width}], ` +
        `got ${masks.data.length} values`,
    );
  }
  return masks;
}

/**
 * Sets the pixels of a target to 1, in an image of the batch's size with the target's image at its top left.
 *
 * @param into - `[H, W]` row-major
 */
export function drawPadded(
  { height, width, data }: TargetMasks,
  target: number,
  batch: ImageSize,
  into: Float32Array,
): void {
  for (let row = 0; row < height; row++) {
    const from = (target * height + row) * width;
    for (let column = 0; column < width; column++) {
      if (data[from + column] !== 0) into[row * batch.width + column] = 1;
    }
  }
}
