import {
  add,
  concat,
  customGrad,
  type GradSaveFunc,
  mul,
  type Scalar,
  slice,
  type Tensor,
  type Tensor2D,
  tidy,
} from "@tensorflow/tfjs-core";
import type { MatchedMasks } from "./matched-masks.ts";

/** A loss of some masks, and its gradient by their logits. */
export type LossOfMasks = {
  readonly value: Scalar;
  /** `[n, X]` */
  readonly gradient: Tensor2D;
};

/** Values of a mask tensor that go through a loss together: one mask of 800×1066. */
const valuesTogether = 1_000_000;

/**
 * A loss that is a sum over masks, some of them at a time, with its gradient in closed form. A loss takes a dozen
 * steps, each as large as the masks: all masks of a batch in one go would take gigabytes.
 *
 * @param lossOf - gets logits and signs of some masks `[n, X]`
 */
export function sumOverMasks(
  { logits, signs }: MatchedMasks,
  lossOf: (logits: Tensor2D, signs: Tensor2D) => LossOfMasks,
): Scalar {
  const [count, places] = logits.shape;
  const together = Math.max(1, Math.floor(valuesTogether / places));
  const loss = customGrad((_, save) => {
    const parts: LossOfMasks[] = [];
    for (let from = 0; from < count; from += together) {
      const size: [number, number] = [Math.min(together, count - from), places];
      parts.push(tidy(() => lossOf(slice(logits, [from, 0], size), slice(signs, [from, 0], size))));
    }
    (save as GradSaveFunc)([
      concat(
        parts.map(({ gradient }) => gradient),
        0,
      ),
    ]);
    const value = parts.map((part) => part.value).reduce((sum, part) => add(sum, part));
    return { value, gradFunc: (dy: Tensor, [gradient]: Tensor[]) => mul(gradient as Tensor, dy) };
  });
  return loss(logits) as Scalar;
}
