import { add, concat, mul, split, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { expectBoxes } from "./expect-boxes.ts";

/** Centre, width and height to left, top, right, bottom. `boxes [..., 4]` to `[..., 4]`. */
export function cxcywhToXyxy<Boxes extends Tensor>(boxes: Boxes): Boxes {
  expectBoxes(boxes, "cxcywhToXyxy");
  return tidy(() => {
    const [centre, size] = split(boxes, 2, -1) as [Boxes, Boxes];
    const half = mul(size, 0.5);
    return concat([sub<Boxes>(centre, half), add<Boxes>(centre, half)], -1) as Boxes;
  });
}

/** Left, top, right, bottom to centre, width and height. `boxes [..., 4]` to `[..., 4]`. */
export function xyxyToCxcywh<Boxes extends Tensor>(boxes: Boxes): Boxes {
  expectBoxes(boxes, "xyxyToCxcywh");
  return tidy(() => {
    const [low, high] = split(boxes, 2, -1) as [Boxes, Boxes];
    return concat([mul<Boxes>(add(low, high), 0.5), sub<Boxes>(high, low)], -1) as Boxes;
  });
}
