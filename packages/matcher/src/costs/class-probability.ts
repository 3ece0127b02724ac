import type { DetectionTarget } from "@detrkit/boxes";
import type { ImagePrediction } from "../image-prediction.ts";
import type { CostOptions, MatchCost } from "../match-cost.ts";

/**
 * Minus the softmax probability of the target's class, for models with a no-object class (DETR). The paper's cost is `1
 * - p`; the 1 changes no minimum and is left out.
 */
export function classProbability({ weight = 1 }: CostOptions = {}): MatchCost {
  return { addTo: (total, prediction, target) => addClassProbability(weight, total, prediction, target) };
}

function addClassProbability(
  weight: number,
  total: Float64Array,
  { queries, classes, logits }: ImagePrediction,
  { labels }: DetectionTarget,
): void {
  for (let query = 0; query < queries; query++) {
    const offset = query * classes;
    let highest = -Infinity;
    for (let at = offset; at < offset + classes; at++) highest = Math.max(highest, logits[at] as number);
    let sum = 0;
    for (let at = offset; at < offset + classes; at++) sum += Math.exp((logits[at] as number) - highest);
    const row = query * labels.length;
    for (let column = 0; column < labels.length; column++) {
      const probability = Math.exp((logits[offset + (labels[column] as number)] as number) - highest) / sum;
      total[row + column] = (total[row + column] as number) - weight * probability;
    }
  }
}
