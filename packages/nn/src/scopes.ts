import { customGrad, type Tensor, type TensorContainer, tidy } from "@tensorflow/tfjs-core";
import { isRecordingGradients } from "./tfjs-internals/index.ts";

/** `tidy` for results whose types tfjs does not know; it finds the tensors in them all the same. */
export function tidyRecord<T extends object>(compute: () => T): T {
  return tidy(() => compute() as unknown as TensorContainer) as unknown as T;
}

/** What `compute` returns, as a constant: nothing of it is recorded, so no gradient flows back through it. */
export function withoutGradient<T extends Tensor>(compute: () => T): T {
  if (!isRecordingGradients()) return compute();
  // An operation of no inputs: backpropagation never comes here.
  return customGrad(() => ({ value: compute(), gradFunc: () => [] }))() as T;
}
