import { maximum, minimum, type Tensor, tensor1d, tidy } from "@tensorflow/tfjs-core";
import { expectBoxes } from "./expect-boxes.ts";

/** Moves every corner that lies outside the image onto its border. `boxes [..., 4]` xyxy in the unit of `size`. */
export function clip<Boxes extends Tensor>(
  boxes: Boxes,
  size: { readonly width: number; readonly height: number },
): Boxes {
  expectBoxes(boxes, "clip");
  return tidy(() =>
    minimum<Boxes>(maximum<Boxes>(boxes, 0), tensor1d([size.width, size.height, size.width, size.height])),
  );
}
