import { add, div, mul, type Scalar, sigmoid, softplus, sub, sum } from "@tensorflow/tfjs-core";
import type { MaskLoss } from "../loss-term.ts";
import type { MatchedMasks } from "./matched-masks.ts";
import { sumOverMasks } from "./sum-over-masks.ts";

/** Settings of {@link maskCrossEntropy}. */
export interface MaskCrossEntropyOptions {
  /** Default 1. */
  readonly weight?: number;
}

/**
 * Sigmoid cross-entropy of a mask: the mean over its points or pixels, summed over matched pairs, divided by the number
 * of boxes. At points, which are drawn where a mask is hard, it stands where {@link maskFocal} stands at pixels.
 */
export function maskCrossEntropy({ weight = 1 }: MaskCrossEntropyOptions = {}): MaskLoss {
  return {
    on: "masks",
    name: "maskCrossEntropy",
    weight,
    call: (masks) => crossEntropy(masks),
  };
}

function crossEntropy(masks: MatchedMasks): Scalar {
  const scale = masks.logits.shape[1] * masks.boxCount;
  return sumOverMasks(masks, (logits, signs) => {
    const inside = mul(add(signs, 1), 0.5);
    return {
      value: div(sum(sub(softplus(logits), mul(logits, inside))), scale),
      gradient: div(sub(sigmoid(logits), inside), scale),
    };
  });
}
