import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { callbackify } from "node:util";
import { fillFrom } from "@detrkit/common/files";
import { RandomAccessReader } from "yauzl";

type ReadCallback = (error: Error | null) => void;

const chunkBytes = 2 ** 20;

/**
 * Gives yauzl bytes of an open file that stays ours to close. Its own way of reading files throws past all handlers,
 * and ends the process, where a damaged zip points outside of what a file can be.
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
