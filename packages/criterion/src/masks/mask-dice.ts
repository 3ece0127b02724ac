import { add, div, mul, type Scalar, sigmoid, square, sub, sum } from "@tensorflow/tfjs-core";
import type { MaskLoss } from "../loss-term.ts";
import type { MatchedMasks } from "./matched-masks.ts";
import { sumOverMasks } from "./sum-over-masks.ts";

/** Settings of {@link maskDice}. */
export interface MaskDiceOptions {
  /** Default 1. */
  readonly weight?: number;
}

/**
 * Dice loss (Milletari et al. 2016): of each matched pair `1 - (2·Σ p·t + 1) / (Σ p + Σ t + 1)`, where the ones keep
 * empty masks defined; summed and divided by the number of boxes.
 */
export function maskDice({ weight = 1 }: MaskDiceOptions = {}): MaskLoss {
  return {
    on: "masks",
    name: "maskDice",
    weight,
    call: (masks) => diceLoss(masks),
  };
}

function diceLoss(masks: MatchedMasks): Scalar {
  const { boxCount } = masks;
  return sumOverMasks(masks, (logits, signs) => {
    const probability = sigmoid(logits);
    const inside = mul(add(signs, 1), 0.5);
    const shared = add(mul(sum(mul(probability, inside), 1, true), 2), 1); // [N, 1]
    const both = add(sum(add(probability, inside), 1, true), 1); // [N, 1]
    const byProbability = div(sub(shared, mul(mul(inside, 2), both)), mul(square(both), boxCount));
    return {
      value: div(sub(logits.shape[0], sum(div(shared, both))), boxCount),
      gradient: mul(byProbability, mul(probability, sub(1, probability))),
    };
  });
}
