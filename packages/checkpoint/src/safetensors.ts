// Safetensors in memory: no Node, no tfjs. For browsers and other runtimes.
import { memorySource } from "./byte-source.ts";
import { type SafetensorsContent, type SafetensorsFile, safetensorsOf } from "./safetensors-file.ts";
import { safetensorsPieces } from "./safetensors-pieces.ts";
import type { TensorData } from "./tensor-data.ts";

export type { ByteSource } from "./byte-source.ts";
export { SafetensorsFile } from "./safetensors-file.ts";
export type { SafetensorsContent } from "./safetensors-file.ts";
export type { SafetensorsEntry } from "./safetensors-header.ts";
export type { TensorData, TensorDtype, TensorValues } from "./tensor-data.ts";

/**
 * Opens the bytes of a safetensors file: its header is checked, tensors are read when asked for.
 *
 * @param name - what errors call it: a path, an address
 * @throws CheckpointError where it is damaged or something else
 */
export async function openSafetensorsBytes(
  content: ArrayBuffer | Uint8Array<ArrayBuffer>,
  name: string,
): Promise<SafetensorsFile> {
  return await safetensorsOf(memorySource(content, name));
}

/**
 * All tensors in the bytes of a safetensors file. Numbers of 32 bits are views of these bytes, not copies.
 *
 * @param name - what errors call it: a path, an address
 * @throws CheckpointError where it is damaged or something else
 */
export async function decodeSafetensors(
  content: ArrayBuffer | Uint8Array<ArrayBuffer>,
  name: string,
): Promise<SafetensorsContent> {
  return await (await openSafetensorsBytes(content, name)).readAll();
}

/**
 * Tensors as the bytes of a safetensors file.
 *
 * @param metadata - strings kept in the file's header
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): ArrayBuffer {
  const pieces = safetensorsPieces(tensors, metadata);
  const file = new Uint8Array(pieces.reduce((total, { byteLength }) => total + byteLength, 0));
  let position = 0;
  for (const piece of pieces) {
    file.set(piece, position);
    position += piece.byteLength;
  }
  return file.buffer;
}
