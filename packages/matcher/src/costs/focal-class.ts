import { ConfigError } from "@detrkit/common";
import type { DetectionTarget } from "@detrkit/boxes";
import type { ImagePrediction } from "../image-prediction.ts";
import type { CostOptions, MatchCost } from "../match-cost.ts";

/** Settings of {@link focalClass}. */
export interface FocalClassOptions extends CostOptions {
  /** Weight of the positive part; the negative part has `1 - alpha`. Default 0.25. */
  readonly alpha?: number;
  /** Exponent that lowers the weight of easy examples. Default 2. */
  readonly gamma?: number;
}

/** Keeps the logarithm of a probability of 0 finite. */
const epsilon = Math.fround(1e-8);

/**
 * The change of the sigmoid focal loss of the target's class if the query is matched: its positive part minus its
 * negative part. For models with one sigmoid for each class (Deformable DETR).
 */
export function focalClass({ weight = 2, alpha = 0.25, gamma = 2 }: FocalClassOptions = {}): MatchCost {
  if (!(alpha >= 0 && alpha <= 1) || !(gamma >= 0))
    throw new ConfigError(`focalClass: alpha expected in [0, 1] and gamma >= 0, got ${alpha} and ${gamma}`);
  return { addTo: (total, prediction, target) => addFocalClass(weight, alpha, gamma, total, prediction, target) };
}

function addFocalClass(
  weight: number,
  alpha: number,
  gamma: number,
  total: Float64Array,
  { queries, classes, logits }: ImagePrediction,
  { labels }: DetectionTarget,
): void {
  for (let query = 0; query < queries; query++) {
    const row = query * labels.length;
    for (let column = 0; column < labels.length; column++) {
      // Each step rounded to float32, as where the published models were trained: near p = 1 the rounding of 1 - p
      // decides the cost.
      const exponential = Math.fround(Math.exp(-(logits[query * classes + (labels[column] as number)] as number)));
      const probability = Math.fround(1 / Math.fround(1 + exponential));
      const complement = Math.fround(1 - probability);
      const positive = -alpha * focus(complement, gamma) * Math.log(Math.fround(probability + epsilon));
      const negative = -(1 - alpha) * focus(probability, gamma) * Math.log(Math.fround(complement + epsilon));
      total[row + column] = (total[row + column] as number) + weight * (positive - negative);
    }
  }
}

function focus(value: number, gamma: number): number {
  return gamma === 2 ? value * value : value ** gamma;
}
