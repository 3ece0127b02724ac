import { dispose, type Tensor } from "@tensorflow/tfjs-core";

/** A kernel's result alone; what it puts out beside that is for its gradient, which has saved its own handles. */
export function firstOf<T extends Tensor>([result, ...others]: readonly Tensor[]): T {
  dispose([...others]);
  return result as T;
}
