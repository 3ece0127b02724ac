import { CheckpointError } from "@detrkit/common";

/** Reads little-endian values from bytes one after the other, never past their end. */
export class ByteCursor {
  position = 0;
  /** Whether more bytes were asked for than there are: then a larger part of the file may be read. */
  ranOut = false;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #source: string;

  /** @param source - the name of the bytes in errors */
  constructor(bytes: Uint8Array, source: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#source = source;
  }

  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** An eight-byte length. */
  length64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** Pickle stores floats big-endian. */
  bigEndianFloat64(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  /** Text up to the next line feed, which is consumed too. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.#truncated();
    const text = this.utf8(end - this.position);
    this.position += 1;
    return text;
  }

  utf8(length: number): string {
    const start = this.position;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(length));
    } catch (cause) {
      if (CheckpointError.isInstance(cause)) throw cause;
      throw new CheckpointError(`${this.#source}: is damaged: the text at byte ${start} is not UTF-8`, { cause });
    }
  }

  #advance(length: number): number {
    const start = this.position;
    if (length > this.#bytes.byteLength - start) throw this.#truncated();
    this.position += length;
    return start;
  }

  #truncated(): CheckpointError {
    this.ranOut = true;
    return new CheckpointError(
      `${this.#source}: is truncated or damaged: it ends in the middle of a value ` +
        `(at byte ${this.#bytes.byteLength}). Fetch or copy it again`,
    );
  }
}
