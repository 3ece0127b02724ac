import type { PredictionLoss } from "../loss-term.ts";
import { forEachPair } from "../prediction-group.ts";

/** Settings of {@link generalizedIou}. */
export interface GeneralizedIouOptions {
  /** Default 2. */
  readonly weight?: number;
}

/** `1 - generalised IoU` (Rezatofighi et al. 2019): the sum over matched pairs, divided by the number of boxes. */
export function generalizedIou({ weight = 2 }: GeneralizedIouOptions = {}): PredictionLoss {
  return {
    on: "predictions",
    name: "generalizedIou",
    weight,
    evaluate: (group, gradient) => {
      let loss = 0;
      forEachPair(group, (query, target, { boxes }) => {
        loss += 1 - addPair(group.boxes, 4 * query, boxes, 4 * target, gradient.boxes, weight / group.boxCount);
      });
      return loss / group.boxCount;
    },
  };
}

/**
 * Generalised IoU of one pair of cxcywh boxes; `scale` times the derivative of 1 minus it, with respect to the first
 * box, is added to `gradient`. With intersection I, union U and enclosing area E it is `I/U + U/E - 1`.
 */
function addPair(
  boxes: Float32Array,
  at: number,
  wanted: Float32Array,
  to: number,
  gradient: Float32Array,
  scale: number,
): number {
  const across = overlapAlong(
    boxes[at] as number,
    boxes[at + 2] as number,
    wanted[to] as number,
    wanted[to + 2] as number,
  );
  const down = overlapAlong(
    boxes[at + 1] as number,
    boxes[at + 3] as number,
    wanted[to + 1] as number,
    wanted[to + 3] as number,
  );
  const width = boxes[at + 2] as number;
  const height = boxes[at + 3] as number;
  const intersection = across.common * down.common;
  const union = width * height + (wanted[to + 2] as number) * (wanted[to + 3] as number) - intersection;
  const enclosing = across.around * down.around;
  // Neither box has an area: there is no union to divide by, and no gradient. Boxes that lie apart still have the worst
  // value.
  if (!(union > 0)) return enclosing > 0 ? -1 : 0;

  const perIntersection = 1 / union;
  const perUnion = 1 / enclosing - intersection / (union * union);
  const perEnclosing = -union / (enclosing * enclosing);
  const add = (side: number, dIntersection: number, dArea: number, dEnclosing: number): void => {
    const slope = (perIntersection - perUnion) * dIntersection + perUnion * dArea + perEnclosing * dEnclosing;
    gradient[at + side] = (gradient[at + side] as number) - scale * slope;
  };
  add(0, across.commonByCentre * down.common, 0, across.aroundByCentre * down.around);
  add(1, across.common * down.commonByCentre, 0, across.around * down.aroundByCentre);
  add(2, across.commonBySize * down.common, height, across.aroundBySize * down.around);
  add(3, across.common * down.commonBySize, width, across.around * down.aroundBySize);
  return intersection / union + union / enclosing - 1;
}

/**
 * Along one axis: the length that two intervals share, the length around both, and their derivatives with respect to
 * the first.
 */
interface AxisOverlap {
  readonly common: number;
  readonly commonByCentre: number;
  readonly commonBySize: number;
  readonly around: number;
  readonly aroundByCentre: number;
  readonly aroundBySize: number;
}

function overlapAlong(centre: number, size: number, otherCentre: number, otherSize: number): AxisOverlap {
  const low = centre - size / 2;
  const high = centre + size / 2;
  const otherLow = otherCentre - otherSize / 2;
  const otherHigh = otherCentre + otherSize / 2;
  const common = Math.min(high, otherHigh) - Math.max(low, otherLow);
  // 1 where the end belongs to the first interval, with respect to which the derivative is taken.
  const innerHigh = common > 0 && high < otherHigh ? 1 : 0;
  const innerLow = common > 0 && low > otherLow ? 1 : 0;
  const outerHigh = high > otherHigh ? 1 : 0;
  const outerLow = low < otherLow ? 1 : 0;
  return {
    common: Math.max(common, 0),
    commonByCentre: innerHigh - innerLow,
    commonBySize: (innerHigh + innerLow) / 2,
    around: Math.max(high, otherHigh) - Math.min(low, otherLow),
    aroundByCentre: outerHigh - outerLow,
    aroundBySize: (outerHigh + outerLow) / 2,
  };
}
