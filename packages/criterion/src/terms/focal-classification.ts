import { ConfigError } from "@detrkit/common";
import type { PredictionLoss } from "../loss-term.ts";
import { classOfQueries, type PredictionGradient, type PredictionGroup } from "../prediction-group.ts";

/** Settings of {@link focalClassification}. */
export interface FocalClassificationOptions {
  /** Default 1. */
  readonly weight?: number;
  /** Weight of the target class; all others have `1 - alpha`. Default 0.25. */
  readonly alpha?: number;
  /** Exponent that lowers the weight of easy examples. Default 2. */
  readonly gamma?: number;
}

/**
 * Sigmoid focal loss (Lin et al. 2017) over `C` classes, without a no-object class (Deformable DETR): the sum over all
 * queries and classes, divided by the number of boxes.
 */
export function focalClassification({
  weight = 1,
  alpha = 0.25,
  gamma = 2,
}: FocalClassificationOptions = {}): PredictionLoss {
  if (!(alpha >= 0 && alpha <= 1) || !(gamma >= 0)) {
    throw new ConfigError(`focalClassification: alpha expected in [0, 1] and gamma >= 0, got ${alpha} and ${gamma}`);
  }
  return {
    on: "predictions",
    name: "classification",
    weight,
    evaluate: (group, gradient) => evaluate(group, gradient, weight, alpha, gamma),
  };
}

function evaluate(
  group: PredictionGroup,
  gradient: PredictionGradient,
  weight: number,
  alpha: number,
  gamma: number,
): number {
  const { classes, logits, boxCount } = group;
  const wanted = classOfQueries(group, -1);
  const scale = weight / boxCount;
  let loss = 0;
  for (let query = 0, at = 0; query < wanted.length; query++) {
    const label = wanted[query] as number;
    for (let index = 0; index < classes; index++, at++) {
      // Positive and negative classes have the same formula in z, the logit of the wrong answer: with w = sigmoid(z),
      // w^γ · softplus(z).
      const positive = index === label;
      const logit = positive ? -(logits[at] as number) : (logits[at] as number);
      const exponential = Math.exp(-Math.abs(logit));
      const wrong = (logit > 0 ? 1 : exponential) / (1 + exponential);
      const entropy = Math.max(logit, 0) + Math.log1p(exponential);
      const focus = (positive ? alpha : 1 - alpha) * (gamma === 2 ? wrong * wrong : wrong ** gamma);
      loss += focus * entropy;
      const slope = focus * (gamma * (1 - wrong) * entropy + wrong);
      gradient.logits[at] = (gradient.logits[at] as number) + scale * (positive ? -slope : slope);
    }
  }
  return loss / boxCount;
}
