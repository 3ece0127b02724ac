import { type BoxArray, countBoxes, countPairs } from "./box-array.ts";

/** A number for one pair of boxes, each given as left, top, right, bottom. */
type PairMeasure = (
  left: number,
  top: number,
  right: number,
  bottom: number,
  otherLeft: number,
  otherTop: number,
  otherRight: number,
  otherBottom: number,
) => number;

/** Intersection over union of one pair of xyxy boxes; 0 where both have no area. */
export const iouOfPair: PairMeasure = (left, top, right, bottom, otherLeft, otherTop, otherRight, otherBottom) => {
  const width = Math.min(right, otherRight) - Math.max(left, otherLeft);
  const height = Math.min(bottom, otherBottom) - Math.max(top, otherTop);
  const intersection = width > 0 && height > 0 ? width * height : 0;
  const union = (right - left) * (bottom - top) + (otherRight - otherLeft) * (otherBottom - otherTop) - intersection;
  return union > 0 ? intersection / union : 0;
};

/**
 * Generalised IoU of one pair of xyxy boxes, in [-1, 1]: the IoU minus the share of the smallest enclosing box that
 * neither covers (Rezatofighi et al. 2019, algorithm 1). Two boxes that lie on one line or point have no enclosing
 * area: 0.
 */
export const generalizedIouOfPair: PairMeasure = (
  left,
  top,
  right,
  bottom,
  otherLeft,
  otherTop,
  otherRight,
  otherBottom,
) => {
  const width = Math.min(right, otherRight) - Math.max(left, otherLeft);
  const height = Math.min(bottom, otherBottom) - Math.max(top, otherTop);
  const intersection = width > 0 && height > 0 ? width * height : 0;
  const union = (right - left) * (bottom - top) + (otherRight - otherLeft) * (otherBottom - otherTop) - intersection;
  const enclosing =
    (Math.max(right, otherRight) - Math.min(left, otherLeft)) *
    (Math.max(bottom, otherBottom) - Math.min(top, otherTop));
  const overlap = union > 0 ? intersection / union : 0;
  return enclosing > 0 ? overlap - (enclosing - union) / enclosing : overlap;
};

function measureAt(
  measure: PairMeasure,
  first: ArrayLike<number>,
  at: number,
  second: ArrayLike<number>,
  other: number,
): number {
  return measure(
    first[at] as number,
    first[at + 1] as number,
    first[at + 2] as number,
    first[at + 3] as number,
    second[other] as number,
    second[other + 1] as number,
    second[other + 2] as number,
    second[other + 3] as number,
  );
}

function elementwise(
  measure: PairMeasure,
  name: string,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): Float64Array {
  const count = countPairs(first, second, name);
  const measured = new Float64Array(count);
  for (let box = 0; box < count; box++) measured[box] = measureAt(measure, first, 4 * box, second, 4 * box);
  return measured;
}

function pairwise(
  measure: PairMeasure,
  name: string,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): Float64Array {
  const rows = countBoxes(first, name);
  const columns = countBoxes(second, name);
  const measured = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      measured[row * columns + column] = measureAt(measure, first, 4 * row, second, 4 * column);
    }
  }
  return measured;
}

/** Width times height of xyxy boxes `[N, 4]`: `[N]`. */
export function boxArea<Boxes extends BoxArray>(boxes: Boxes): Boxes {
  const areas = boxes.slice(0, countBoxes(boxes, "boxArea")) as Boxes;
  for (let box = 0; box < areas.length; box++) {
    const at = 4 * box;
    areas[box] =
      ((boxes[at + 2] as number) - (boxes[at] as number)) * ((boxes[at + 3] as number) - (boxes[at + 1] as number));
  }
  return areas;
}

/** IoU of each box with the one at the same place in the other array. Both xyxy `[N, 4]`: `[N]`. */
export function iou(first: ArrayLike<number>, second: ArrayLike<number>): Float64Array {
  return elementwise(iouOfPair, "iou", first, second);
}

/** IoU of every box with every other. xyxy `[N, 4]` and `[M, 4]`: `[N, M]` row-major. */
export function pairwiseIou(first: ArrayLike<number>, second: ArrayLike<number>): Float64Array {
  return pairwise(iouOfPair, "pairwiseIou", first, second);
}

/** Generalised IoU of each box with the one at the same place in the other array. Both xyxy `[N, 4]`: `[N]`. */
export function generalizedIou(first: ArrayLike<number>, second: ArrayLike<number>): Float64Array {
  return elementwise(generalizedIouOfPair, "generalizedIou", first, second);
}

/** Generalised IoU of every box with every other. xyxy `[N, 4]` and `[M, 4]`: `[N, M]` row-major. */
export function pairwiseGeneralizedIou(first: ArrayLike<number>, second: ArrayLike<number>): Float64Array {
  return pairwise(generalizedIouOfPair, "pairwiseGeneralizedIou", first, second);
}
