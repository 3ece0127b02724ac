import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { callbackify } from "node:util";
import { fillFrom } from "@detrkit/common/files";
import { RandomAccessReader } from "yauzl";

type ReadCallback = (error: Error | null) => void;

/**
 * Lets yauzl read a file that we close ourselves. Its own reader throws outside of all handlers, and ends the process,
 * if a damaged zip points to an impossible position.
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

  /** Entries are read directly from the file: yauzl only says where they begin. */
  override _readStreamForRange(): Readable {
    return Readable.from([]);
  }
}
