import { CheckpointError } from "@detrkit/common";
import { decodeValues } from "../decode-values.ts";
import type { TensorData } from "../tensor-data.ts";
import type { PthTensor } from "./pth-tensor.ts";
import type { PthDtype } from "./storage-types.ts";

/**
 * A tensor's numbers with the types of the file; `float16` and `bfloat16` as float32, which represents them exactly.
 */
export type PthValues = Float64Array | Float32Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array;

/** Names of the types in {@link decodeValues}, for those that it knows. */
const codes: Readonly<Partial<Record<PthDtype, string>>> = {
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};

/** Copies a view's elements one after the other, row-major. `bytes` are those from its first element to its last. */
export function gatherView(
  { shape, strides, size, elementBytes }: PthTensor,
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (isContiguous(shape, strides)) return bytes;
  const gathered = new Uint8Array(size * elementBytes);
  // Axes of size 1 are left out: dozens of them would cost time for every element.
  const axes = shape
    .map((length, axis) => ({ length, stride: strides[axis] as number }))
    .filter(({ length }) => length > 1);
  const index = axes.map(() => 0);
  let from = 0;
  for (let to = 0; to < gathered.length; to += elementBytes) {
    for (let byte = 0; byte < elementBytes; byte++) gathered[to + byte] = bytes[from * elementBytes + byte] as number;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const { length, stride } = axes[axis] as (typeof axes)[number];
      const next = (index[axis] as number) + 1;
      from += stride;
      index[axis] = next;
      if (next < length) break;
      from -= stride * length;
      index[axis] = 0;
    }
  }
  return gathered;
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] as number;
    if (length === 0) return true;
    if (length > 1 && strides[axis] !== expected) return false;
    expected *= length;
  }
  return true;
}

/** @param bytes - owned by the result */
export function valuesOf(dtype: PthDtype, bytes: Uint8Array<ArrayBuffer>, what: string): PthValues {
  switch (dtype) {
    case "float64":
      return new Float64Array(bytes.buffer);
    case "int64":
      return new BigInt64Array(bytes.buffer);
    case "int16":
      return new Int16Array(bytes.buffer);
    case "int8":
      return new Int8Array(bytes.buffer);
    default:
      return decodeValues(codes[dtype] as string, bytes, what).values;
  }
}

/** The same with the types that detrkit works with: float64 as float32, integers as int32. */
export function tensorDataOf({ dtype, shape }: PthTensor, bytes: Uint8Array<ArrayBuffer>, what: string): TensorData {
  const code = codes[dtype];
  if (code !== undefined) return { shape, ...decodeValues(code, bytes, what) };
  if (dtype !== "float64")
    return { dtype: "int32", shape, values: Int32Array.from(valuesOf(dtype, bytes, what) as Int16Array | Int8Array) };
  const doubles = new Float64Array(bytes.buffer);
  const values = Float32Array.from(doubles);
  const lost = doubles.findIndex((value, index) => Number.isFinite(value) && !Number.isFinite(values[index]));
  if (lost >= 0)
    throw new CheckpointError(`${what} holds ${doubles[lost]}, which does not fit the 32-bit floats of tfjs`);
  return { dtype: "float32", shape, values };
}
