import type { DetectionTarget } from "@detrkit/boxes";
import type { ImagePrediction } from "../image-prediction.ts";
import type { CostOptions, MatchCost } from "../match-cost.ts";

/** Sum of the absolute differences of normalised cx, cy, w, h. */
export function boxL1({ weight = 5 }: CostOptions = {}): MatchCost {
  return { addTo: (total, prediction, target) => addBoxL1(weight, total, prediction, target) };
}

function addBoxL1(
  weight: number,
  total: Float64Array,
  { queries, boxes }: ImagePrediction,
  target: DetectionTarget,
): void {
  const wanted = target.boxes;
  for (let query = 0, at = 0; query < queries; query++) {
    const x = boxes[4 * query] as number;
    const y = boxes[4 * query + 1] as number;
    const width = boxes[4 * query + 2] as number;
    const height = boxes[4 * query + 3] as number;
    for (let other = 0; other < wanted.length; other += 4, at++) {
      const distance =
        Math.abs(x - (wanted[other] as number)) +
        Math.abs(y - (wanted[other + 1] as number)) +
        Math.abs(width - (wanted[other + 2] as number)) +
        Math.abs(height - (wanted[other + 3] as number));
      total[at] = (total[at] as number) + weight * distance;
    }
  }
}
