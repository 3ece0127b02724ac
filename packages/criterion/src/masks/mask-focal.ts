import { add, mul, neg, pow, type Scalar, sigmoid, softplus, sub, sum } from "@tensorflow/tfjs-core";
import { ConfigError } from "@detrkit/common";
import type { MaskLoss } from "../loss-term.ts";
import type { MatchedMasks } from "./matched-masks.ts";
import { sumOverMasks } from "./sum-over-masks.ts";

/** Settings of {@link maskFocal}. */
export interface MaskFocalOptions {
  /** Default 1. */
  readonly weight?: number;
  /** Weight of pixels inside; those outside have `1 - alpha`. Default 0.25. */
  readonly alpha?: number;
  /** Exponent that lowers the weight of easy pixels. Default 2. */
  readonly gamma?: number;
}

/**
 * Sigmoid focal loss of a mask's pixels: the mean over pixels, summed over matched pairs, divided by the number of
 * boxes.
 */
export function maskFocal({ weight = 1, alpha = 0.25, gamma = 2 }: MaskFocalOptions = {}): MaskLoss {
  if (!(alpha >= 0 && alpha <= 1) || !(gamma >= 0))
    throw new ConfigError(`maskFocal: alpha expected in [0, 1] and gamma >= 0, got ${alpha} and ${gamma}`);
  return {
    on: "masks",
    name: "maskFocal",
    wholePixels: true,
    weight,
    call: (masks) => focalLoss(masks, alpha, gamma),
  };
}

function focalLoss(masks: MatchedMasks, alpha: number, gamma: number): Scalar {
  const scale = 1 / (masks.logits.shape[1] * masks.boxCount);
  return sumOverMasks(masks, (logits, signs) => {
    // As for classes: with z the logit of the wrong answer and w = sigmoid(z), the loss is w^γ · softplus(z).
    const logit = neg(mul(logits, signs));
    const wrong = sigmoid(logit);
    const entropy = softplus(logit);
    const share = add(mul(signs, scale * (alpha - 0.5)), scale / 2); // alpha inside, 1 - alpha outside
    const focus = mul(share, pow(wrong, gamma));
    const slope = mul(focus, add(mul(mul(sub(1, wrong), entropy), gamma), wrong));
    return { value: sum(mul(focus, entropy)), gradient: neg(mul(slope, signs)) };
  });
}
