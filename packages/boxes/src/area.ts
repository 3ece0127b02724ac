import { mul, split, squeeze, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { expectBoxes } from "./expect-boxes.ts";

/** Width times height of xyxy boxes. `boxes [..., 4]` to `[...]`. */
export function boxArea(boxes: Tensor): Tensor {
  expectBoxes(boxes, "boxArea");
  return tidy(() => {
    const [low, high] = split(boxes, 2, -1) as [Tensor, Tensor];
    return productOfSizes(sub(high, low));
  });
}

/**
 * Width times height. `sizes [..., 2]` to `[...]`. tfjs's `prod` would do it too, but its gradient takes a dozen ops.
 */
export function productOfSizes(sizes: Tensor): Tensor {
  const [width, height] = split(sizes, 2, -1) as [Tensor, Tensor];
  return squeeze(mul(width, height), [-1]);
}
