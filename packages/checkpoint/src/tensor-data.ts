/** Numbers outside of tensors. Booleans are bytes 0 and 1. */
export type TensorValues = Float32Array | Int32Array | Uint8Array;

/** Type of a tensor's numbers. */
export type TensorDtype = "float32" | "int32" | "uint8" | "bool";

/** A tensor's content in plain memory, row-major. It takes no memory of a backend. */
export interface TensorData {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

/** Number of elements of a shape; 1 for a scalar's `[]`. */
export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
