import { pad, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { clippedLogits } from "./clipped-logits.ts";

/**
 * What a head's correction is added to: where the query looked, before the sigmoid. A point says nothing of a box's
 * size.
 *
 * @param reference - points `[B, Q, 2]` or boxes `[B, Q, 4]`
 * @returns `[B, Q, 4]`
 */
export function boxStart(reference: Tensor3D): Tensor3D {
  if (reference.shape[2] === 4) return clippedLogits(reference);
  return tidy(() =>
    pad(clippedLogits(reference), [
      [0, 0],
      [0, 0],
      [0, 2],
    ]),
  );
}
