import type { DetectionTarget } from "@detrkit/boxes";
import { cxcywhToXyxy, generalizedIouOfPair } from "@detrkit/boxes/numbers";
import type { ImagePrediction } from "../image-prediction.ts";
import type { CostOptions, MatchCost } from "../match-cost.ts";

/** Minus the generalised IoU of the boxes. */
export function generalizedIou({ weight = 2 }: CostOptions = {}): MatchCost {
  return { addTo: (total, prediction, target) => addGeneralizedIou(weight, total, prediction, target) };
}

function addGeneralizedIou(
  weight: number,
  total: Float64Array,
  { queries, boxes }: ImagePrediction,
  target: DetectionTarget,
): void {
  const predicted = cxcywhToXyxy(boxes);
  const wanted = cxcywhToXyxy(target.boxes);
  for (let query = 0, at = 0; query < queries; query++) {
    const left = predicted[4 * query] as number;
    const top = predicted[4 * query + 1] as number;
    const right = predicted[4 * query + 2] as number;
    const bottom = predicted[4 * query + 3] as number;
    for (let other = 0; other < wanted.length; other += 4, at++) {
      const overlap = generalizedIouOfPair(
        left,
        top,
        right,
        bottom,
        wanted[other] as number,
        wanted[other + 1] as number,
        wanted[other + 2] as number,
        wanted[other + 3] as number,
      );
      total[at] = (total[at] as number) - weight * overlap;
    }
  }
}
