import { isRecordingGradients } from "@detrkit/nn";
import { customGrad, type Tensor } from "@tensorflow/tfjs-core";

/** What `compute` returns, as a constant: nothing of it is recorded, so no gradient flows back through it. */
export function withoutGradient<T extends Tensor>(compute: () => T): T {
  if (!isRecordingGradients()) return compute();
  // An operation of no inputs: backpropagation never comes here.
  return customGrad(() => ({ value: compute(), gradFunc: () => [] }))() as T;
}
