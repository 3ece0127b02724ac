import type { Linear, Mlp } from "@detrkit/nn";
import { add, sigmoid, slice, type Tensor3D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { StackedOutput } from "../detr-output.ts";
import { boxStart } from "./box-start.ts";

export interface SharedHeadsInputs {
  readonly classHead: Linear;
  readonly boxHead: Mlp;
  /** Where all layers look, before the sigmoid: `[B, Q, 2]` or `[B, Q, 4]`. */
  readonly reference: Tensor3D;
  /** Whether the layers before the last predict too. */
  readonly auxiliary: boolean;
}

/**
 * What the layers of a decoder predict whose heads are the same for all.
 *
 * @param states - queries after each decoder layer `[L, B, Q, D]`
 */
export function predictWithSharedHeads(
  states: Tensor4D,
  { classHead, boxHead, reference, auxiliary }: SharedHeadsInputs,
): StackedOutput {
  return tidy(() => {
    const chosen = auxiliary ? states : slice(states, [states.shape[0] - 1, 0, 0, 0]);
    // The heads run once, on all layers stacked.
    return {
      logits: classHead.call(chosen),
      boxes: sigmoid(add(boxHead.call(chosen), boxStart(reference))) as Tensor4D,
    };
  });
}
