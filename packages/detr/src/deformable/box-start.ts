import { pad, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { clippedLogits } from "./clipped-logits.ts";

/**
 * What a head's correction is added to: where the query looked, before the sigmoid. A point says nothing of a box's size.
 *
 * @param reference - points `[Q, 2]` or boxes `[B, Q, 4]`
 * @returns `[Q, 4]` or `[B, Q, 4]`
 */
export function boxStart(reference: Tensor): Tensor {
  if (reference.rank !== 2) return clippedLogits(reference);
  return tidy(() => pad(clippedLogits(reference as Tensor2D), [[0, 0], [0, 2]]));
}
