import { ConfigError, DataError } from "@detrkit/common";
import type { PredictionLoss } from "../loss-term.ts";
import { classOfQueries, type PredictionGradient, type PredictionGroup } from "../prediction-group.ts";

/** Settings of {@link softmaxClassification}. */
export interface SoftmaxClassificationOptions {
  /** Default 1. */
  readonly weight?: number;
  /** Weight of a query without a target, relative to one with. Default 0.1: most queries have none. */
  readonly noObjectWeight?: number;
}

/**
 * Cross entropy over `C` classes of which the last is "no object" (DETR). Every query counts: the weighted mean of `-ln
 * softmax(logits)[class]`, where queries without a target have the last class and the weight `noObjectWeight`.
 */
export function softmaxClassification({
  weight = 1,
  noObjectWeight = 0.1,
}: SoftmaxClassificationOptions = {}): PredictionLoss {
  if (!(noObjectWeight > 0))
    throw new ConfigError(`softmaxClassification: noObjectWeight expected above 0, got ${noObjectWeight}`);
  return {
    on: "predictions",
    name: "classification",
    weight,
    evaluate: (group, gradient) => evaluate(group, gradient, weight, noObjectWeight),
  };
}

function evaluate(
  group: PredictionGroup,
  gradient: PredictionGradient,
  weight: number,
  noObjectWeight: number,
): number {
  const { classes, logits, targets } = group;
  const noObject = classes - 1;
  for (const [image, { labels }] of targets.entries()) {
    if (labels.includes(noObject)) {
      throw new DataError(
        `softmaxClassification: image ${image} has label ${noObject}, ` +
          `but of ${classes} logits the last one means "no object": the model needs one logit more`,
      );
    }
  }
  const wanted = classOfQueries(group, noObject);
  let weights = 0;
  for (const label of wanted) weights += label === noObject ? noObjectWeight : 1;
  const exponentials = new Float64Array(classes);
  let loss = 0;
  for (let query = 0; query < wanted.length; query++) {
    const offset = query * classes;
    const label = wanted[query] as number;
    const share = label === noObject ? noObjectWeight : 1;
    let highest = -Infinity;
    for (let at = offset; at < offset + classes; at++) highest = Math.max(highest, logits[at] as number);
    let sum = 0;
    for (let index = 0; index < classes; index++) {
      const exponential = Math.exp((logits[offset + index] as number) - highest);
      exponentials[index] = exponential;
      sum += exponential;
    }
    loss += share * (Math.log(sum) + highest - (logits[offset + label] as number));
    const scale = (weight * share) / weights;
    for (let index = 0; index < classes; index++) {
      const slope = (exponentials[index] as number) / sum - (index === label ? 1 : 0);
      gradient.logits[offset + index] = (gradient.logits[offset + index] as number) + scale * slope;
    }
  }
  return loss / weights;
}
