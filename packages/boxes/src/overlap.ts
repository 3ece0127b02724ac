import {
  add,
  div,
  expandDims,
  maximum,
  minimum,
  relu,
  split,
  sub,
  type Tensor,
  type Tensor2D,
  tidy,
} from "@tensorflow/tfjs-core";
import { boxArea, productOfSizes } from "./area.ts";
import { expectBoxList, expectSameBoxes } from "./expect-boxes.ts";

/** Makes 0 / 0 of boxes without area 0. The gradient divides by its square, which is still a normal float32. */
const tiny = 1e-18;

interface Overlap {
  readonly intersection: Tensor;
  readonly union: Tensor;
  /** Width and height of the smallest box around both `[..., 2]`. */
  readonly enclosingSize: Tensor;
}

/** Overlap of xyxy boxes whose shapes broadcast: `[..., 4]` and `[..., 4]`. */
function overlap(first: Tensor, second: Tensor): Overlap {
  const [firstLow, firstHigh] = split(first, 2, -1) as [Tensor, Tensor];
  const [secondLow, secondHigh] = split(second, 2, -1) as [Tensor, Tensor];
  const common = relu(sub(minimum(firstHigh, secondHigh), maximum(firstLow, secondLow)));
  const intersection = productOfSizes(common);
  return {
    intersection,
    union: sub(add(boxArea(first), boxArea(second)), intersection),
    enclosingSize: sub(maximum(firstHigh, secondHigh), minimum(firstLow, secondLow)),
  };
}

function ratio({ intersection, union }: Overlap): Tensor {
  return div(intersection, maximum(union, tiny));
}

function generalizedRatio(both: Overlap): Tensor {
  const enclosing = productOfSizes(both.enclosingSize);
  return sub(ratio(both), div(sub(enclosing, both.union), maximum(enclosing, tiny)));
}

/** Every box of the first list against every one of the second, by broadcasting. */
function allPairs(first: Tensor2D, second: Tensor2D): Overlap {
  return overlap(expandDims(first, 1), expandDims(second, 0)); // [N, 1, 4] and [1, M, 4]
}

/** IoU of each box with the one at the same place in the other tensor. Both xyxy `[..., 4]`: `[...]`. */
export function iou(first: Tensor, second: Tensor): Tensor {
  expectSameBoxes(first, second, "iou");
  return tidy(() => ratio(overlap(first, second)));
}

/** IoU of every box with every other. xyxy `[N, 4]` and `[M, 4]`: `[N, M]`. */
export function pairwiseIou(first: Tensor2D, second: Tensor2D): Tensor2D {
  expectBoxList(first, "pairwiseIou");
  expectBoxList(second, "pairwiseIou");
  return tidy(() => ratio(allPairs(first, second)) as Tensor2D);
}

/**
 * Generalised IoU, in [-1, 1], of each box with the one at the same place in the other tensor: the IoU minus the share
 * of the smallest enclosing box that neither covers (Rezatofighi et al. 2019, algorithm 1). Both xyxy `[..., 4]`:
 * `[...]`.
 */
export function generalizedIou(first: Tensor, second: Tensor): Tensor {
  expectSameBoxes(first, second, "generalizedIou");
  return tidy(() => generalizedRatio(overlap(first, second)));
}

/** Generalised IoU of every box with every other. xyxy `[N, 4]` and `[M, 4]`: `[N, M]`. */
export function pairwiseGeneralizedIou(first: Tensor2D, second: Tensor2D): Tensor2D {
  expectBoxList(first, "pairwiseGeneralizedIou");
  expectBoxList(second, "pairwiseGeneralizedIou");
  return tidy(() => generalizedRatio(allPairs(first, second)) as Tensor2D);
}
