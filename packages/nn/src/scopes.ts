import { customGrad, type Tensor, type TensorContainer, tidy } from "@tensorflow/tfjs-core";
import { isRecordingGradients, pauseRecording } from "./tfjs-internals/index.ts";

/** `tidy` for results whose types tfjs does not know; it finds the tensors in them all the same. */
export function tidyRecord<T extends object>(compute: () => T): T {
  return tidy(() => compute() as unknown as TensorContainer) as unknown as T;
}

/** Runs `compute` without recording it: its result is a constant, through which no gradient flows back. */
export function withoutGradient<T extends Tensor>(compute: () => T): T {
  if (!isRecordingGradients()) return compute();
  // An op without inputs: backpropagation never reaches it.
  return customGrad(() => ({ value: compute(), gradFunc: () => [] }))() as T;
}

/**
 * Runs `compute` as in inference, whether or not gradients are being recorded: the tensors of its result are constants,
 * and its intermediate results are freed at once. The caller owns the result.
 */
export function asInInference<T extends object>(compute: () => T): T {
  return pauseRecording(() => tidyRecord(compute));
}
