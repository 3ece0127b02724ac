import {
  add,
  customGrad,
  type GradSaveFunc,
  mul,
  neg,
  pow,
  type Scalar,
  sigmoid,
  softplus,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
} from "@tensorflow/tfjs-core";
import { ConfigError } from "@detrkit/common";
import type { MaskLoss } from "../loss-term.ts";

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
    call: ({ logits, signs, boxCount }) => focalLoss(logits, signs, boxCount, alpha, gamma),
  };
}

function focalLoss(logits: Tensor2D, signs: Tensor2D, boxCount: number, alpha: number, gamma: number): Scalar {
  const scale = 1 / (logits.shape[1] * boxCount);
  const loss = customGrad((input, save) => {
    // As for classes: with z the logit of the wrong answer and w = sigmoid(z), the loss is w^γ · softplus(z).
    const logit = neg(mul(input as Tensor2D, signs));
    const wrong = sigmoid(logit);
    const entropy = softplus(logit);
    const share = add(mul(signs, scale * (alpha - 0.5)), scale / 2); // alpha inside, 1 - alpha outside
    const focus = mul(share, pow(wrong, gamma));
    const slope = mul(focus, add(mul(mul(sub(1, wrong), entropy), gamma), wrong));
    (save as GradSaveFunc)([neg(mul(slope, signs))]);
    return {
      value: sum(mul(focus, entropy)),
      gradFunc: (dy: Tensor, [gradient]: Tensor[]) => mul(gradient as Tensor, dy),
    };
  });
  return loss(logits) as Scalar;
}
