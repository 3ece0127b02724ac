import { type TensorContainer, tidy } from "@tensorflow/tfjs-core";

/** `tidy` for results whose types tfjs does not know; it finds the tensors in them all the same. */
export function tidyRecord<T extends object>(compute: () => T): T {
  return tidy(() => compute() as unknown as TensorContainer) as unknown as T;
}
