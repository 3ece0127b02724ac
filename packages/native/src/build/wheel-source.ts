import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { callbackify } from "node:util";
import { fillFrom } from "@detrkit/common/files";
import { RandomAccessReader } from "yauzl";

type ReadCallback = (error: Error | null) => void;

const chunkBytes = 2 ** 20;

/**
 * Lets yauzl read an open file that we close ourselves. Its own reader throws outside of all handlers, and ends the
 * process, if a damaged zip points to an impossible position.
 */
export class WheelSource extends RandomAccessReader {
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

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#chunks(start, end), { objectMode: false });
  }

  async *#chunks(start: number, end: number): AsyncGenerator<Buffer> {
    for (let position = start; position < end; position += chunkBytes) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, end - position));
      await fillFrom(this.#file, this.#byteLength, chunk, position);
      yield chunk;
    }
  }
}
