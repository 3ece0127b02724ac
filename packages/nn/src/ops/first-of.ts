import { dispose, type Tensor } from "@tensorflow/tfjs-core";

/**
 * The first output of a kernel; the others are disposed. They are for its gradient, which has saved its own handles.
 */
export function firstOf<T extends Tensor>([result, ...others]: readonly Tensor[]): T {
  dispose([...others]);
  return result as T;
}
