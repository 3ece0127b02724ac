import {
  add,
  customGrad,
  div,
  type GradSaveFunc,
  mul,
  type Scalar,
  sigmoid,
  softplus,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
} from "@tensorflow/tfjs-core";
import type { MaskLoss } from "../loss-term.ts";

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
    call: ({ logits, signs, boxCount }) => crossEntropy(logits, signs, boxCount),
  };
}

function crossEntropy(logits: Tensor2D, signs: Tensor2D, boxCount: number): Scalar {
  const scale = logits.shape[1] * boxCount;
  const loss = customGrad((input, save) => {
    const inside = mul(add(signs, 1), 0.5);
    (save as GradSaveFunc)([div(sub(sigmoid(input as Tensor2D), inside), scale)]);
    return {
      value: div(sum(sub(softplus(input as Tensor2D), mul(input as Tensor2D, inside))), scale),
      gradFunc: (dy: Tensor, [gradient]: Tensor[]) => mul(gradient as Tensor, dy),
    };
  });
  return loss(logits) as Scalar;
}
