import { CheckpointError } from "@detrkit/common";

/** Bytes that are read piece by piece, wherever they are. */
export interface ByteSource {
  /** What errors call it: a path, an address. */
  readonly name: string;
  /** Number of bytes. */
  readonly size: number;
  /** `length` bytes, which the size says are there. They may be shared with the source: nobody writes to them. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Nothing can be read any more. */
  close(): Promise<void>;
}

/**
 * Bytes in memory. They are not copied: tensors that are read from them are views, where their numbers are aligned.
 *
 * @throws CheckpointError where they are neither
 */
export function memorySource(content: ArrayBuffer | Uint8Array<ArrayBuffer>, name: string): ByteSource {
  if (!(content instanceof ArrayBuffer) && !(content instanceof Uint8Array))
    throw new CheckpointError(`${name}: expected an ArrayBuffer or a Uint8Array, got ${typeof content}`);
  const bytes = content instanceof Uint8Array ? content : new Uint8Array(content);
  return {
    name,
    size: bytes.byteLength,
    read: (start, length) => Promise.resolve(bytes.subarray(start, start + length)),
    close: () => Promise.resolve(),
  };
}
