import {
  add,
  customGrad,
  div,
  type GradSaveFunc,
  mul,
  type Scalar,
  sigmoid,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
} from "@tensorflow/tfjs-core";
import type { MaskLoss } from "../loss-term.ts";

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
    call: ({ logits, signs, boxCount }) => diceLoss(logits, signs, boxCount),
  };
}

function diceLoss(logits: Tensor2D, signs: Tensor2D, boxCount: number): Scalar {
  const loss = customGrad((input, save) => {
    const probability = sigmoid(input as Tensor2D);
    const inside = mul(add(signs, 1), 0.5);
    const shared = add(mul(sum(mul(probability, inside), 1, true), 2), 1); // [N, 1]
    const both = add(sum(add(probability, inside), 1, true), 1); // [N, 1]
    const byProbability = div(sub(shared, mul(mul(inside, 2), both)), mul(square(both), boxCount));
    (save as GradSaveFunc)([mul(byProbability, mul(probability, sub(1, probability)))]);
    return {
      value: div(sub(logits.shape[0], sum(div(shared, both))), boxCount),
      gradFunc: (dy: Tensor, [gradient]: Tensor[]) => mul(gradient as Tensor, dy),
    };
  });
  return loss(logits) as Scalar;
}
