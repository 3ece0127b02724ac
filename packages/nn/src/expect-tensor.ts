import { TensorError } from "@detrkit/common";
import { type DataType, Tensor } from "@tensorflow/tfjs-core";
import { expectShape } from "./expect-shape.ts";

/**
 * Checks that a value is a tensor, is not disposed, and has this dtype. Kernels rely on it when they read memory, so
 * each op first checks each of its tensors.
 *
 * @param what - the op and its argument: "linear: weight"
 * @throws TensorError
 */
export function expectTensor(tensor: Tensor, what: string, dtype: DataType): void {
  if (!(tensor instanceof Tensor))
    throw new TensorError(`${what} expected a tensor, got ${tensor === null ? "null" : typeof tensor}`);
  if (tensor.isDisposed)
    throw new TensorError(
      `${what} is disposed: its memory has been freed; ` +
        "keep it until its last use (a tidy frees all that it does not return)",
    );
  if (tensor.dtype !== dtype) throw new TensorError(`${what} expected ${dtype}, got ${tensor.dtype}; cast it first`);
}

/** {@link expectTensor} of float32, and {@link expectShape}: returns what each letter of the pattern stands for. */
export function expectFloats<const Pattern extends readonly (string | number)[]>(
  tensor: Tensor,
  what: string,
  pattern: Pattern,
): Record<Extract<Pattern[number], string>, number> {
  expectTensor(tensor, what, "float32");
  return expectShape(tensor.shape, what, pattern);
}

/**
 * {@link expectTensor} of float32, any number of axes before the last.
 *
 * @param width - of the last axis
 * @returns the sizes of the others
 */
export function expectLastAxis(tensor: Tensor, what: string, width: number): number[] {
  expectTensor(tensor, what, "float32");
  const leading = tensor.shape.slice(0, -1);
  expectShape(tensor.shape, what, [...leading, width]);
  return leading;
}
