import { CheckpointError } from "@detrkit/common";
import type { TensorDtype, TensorValues } from "./tensor-data.ts";

export interface DecodedValues {
  readonly dtype: TensorDtype;
  readonly values: TensorValues;
}

/**
 * Converts a tensor's bytes to the number types that detrkit works with: F32, F16 and BF16 become float32, I32 and I64
 * int32 (I64 only if every value fits), U8 and BOOL stay bytes.
 *
 * @param bytes - little-endian, owned by the result (an aligned F32 or I32 is not copied)
 * @throws CheckpointError for other dtypes, and for an I64 value beyond 32 bits
 */
export function decodeValues(dtype: string, bytes: Uint8Array<ArrayBuffer>, what: string): DecodedValues {
  switch (dtype) {
    case "F32":
      return { dtype: "float32", values: new Float32Array(...aligned(bytes, 4)) };
    case "I32":
      return { dtype: "int32", values: new Int32Array(...aligned(bytes, 4)) };
    case "U8":
      return { dtype: "uint8", values: bytes };
    case "BOOL":
      return { dtype: "bool", values: bytes };
    case "F16":
      return { dtype: "float32", values: Float32Array.from(new Uint16Array(...aligned(bytes, 2)), halfToNumber) };
    case "BF16":
      return { dtype: "float32", values: bfloat16ToFloat32(new Uint16Array(...aligned(bytes, 2))) };
    case "I64":
      return { dtype: "int32", values: narrowToInt32(new BigInt64Array(...aligned(bytes, 8)), what) };
    default:
      throw new CheckpointError(
        `${what} has dtype ${dtype}; detrkit reads F32, F16, BF16, I32, I64, U8 and BOOL. Convert it to F32 first`,
      );
  }
}

function aligned(
  bytes: Uint8Array<ArrayBuffer>,
  elementBytes: number,
): [buffer: ArrayBuffer, byteOffset: number, length: number] {
  const source = bytes.byteOffset % elementBytes === 0 ? bytes : bytes.slice();
  return [source.buffer, source.byteOffset, source.byteLength / elementBytes];
}

function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A bfloat16 is the upper half of a float32. */
function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const words = Uint32Array.from(halves, (half) => half * 0x10000);
  return new Float32Array(words.buffer);
}

function narrowToInt32(values: BigInt64Array, what: string): Int32Array {
  return Int32Array.from(values, (value) => {
    if (BigInt.asIntN(32, value) !== value)
      throw new CheckpointError(`${what} holds ${value}, which does not fit the 32-bit integers of tfjs`);
    return Number(value);
  });
}
