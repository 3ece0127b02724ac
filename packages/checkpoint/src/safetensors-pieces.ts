import { CheckpointError } from "@detrkit/common";
import { sizeOfShape, type TensorData, type TensorDtype } from "./tensor-data.ts";

/** The format's names of the types that are written. */
export const dtypeNames: Readonly<Record<TensorDtype, string>> = {
  float32: "F32",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};

/**
 * A safetensors file in pieces: its header, then the tensors' own memory.
 *
 * @param metadata - strings kept in the file's header
 */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>>,
): readonly Uint8Array[] {
  // Single-byte types go last, so that four-byte numbers stay aligned when the file is mapped into memory.
  const inOrder = [...tensors].toSorted(([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT);
  const header: [name: string, entry: unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  const pieces: Uint8Array[] = [];
  let position = 0;
  for (const [name, { dtype, shape, values }] of inOrder) {
    if (sizeOfShape(shape) !== values.length) {
      throw new CheckpointError(
        `writeSafetensors: tensor "${name}" of shape [${shape.join(", ")}] expected ${sizeOfShape(shape)} values, ` +
          `got ${values.length}`,
      );
    }
    if (name === "__metadata__")
      throw new CheckpointError(
        'writeSafetensors: no tensor can be called "__metadata__"; the format keeps its strings there',
      );
    header.push([name, { dtype: dtypeNames[dtype], shape, data_offsets: [position, position + values.byteLength] }]);
    pieces.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    position += values.byteLength;
  }
  return [encodeHeader(header), ...pieces];
}

function encodeHeader(header: readonly (readonly [name: string, entry: unknown])[]): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const paddedLength = Math.ceil(text.byteLength / 8) * 8;
  const bytes = new Uint8Array(8 + paddedLength).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(paddedLength), true);
  bytes.set(text, 8);
  return bytes;
}
