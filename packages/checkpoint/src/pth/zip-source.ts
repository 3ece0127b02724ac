import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { callbackify } from "node:util";
import { fillFrom } from "@detrkit/common/files";
import { RandomAccessReader } from "yauzl";

type ReadCallback = (error: Error | null) => void;

/**
 * Gives yauzl bytes of a file that stays ours to close. Its own way of reading files throws past all handlers, and ends
 * the process, where a damaged zip points outside of what a file can be.
 */
export class ZipSource extends RandomAccessReader {
  readonly #file: FileHandle;
  readonly #byteLength: number;

  constructor(file: FileHandle, byteLength: number) {
    super();
    this.#file = file;
    this.#byteLength = byteLength;
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: ReadCallback): void {
    callbackify(() => fillFrom(this.#file, this.#byteLength, buffer.subarray(offset, offset + length), position))(
      callback,
    );
  }

  /** Entries are read from the file itself: yauzl only says where they begin. */
  override _readStreamForRange(): Readable {
    return Readable.from([]);
  }
}
