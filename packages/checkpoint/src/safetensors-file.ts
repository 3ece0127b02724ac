import { CheckpointError } from "@detrkit/common";
import type { ByteSource } from "./byte-source.ts";
import { type Checksums, checksumsOf, verifyTensor } from "./checksums.ts";
import { decodeValues } from "./decode-values.ts";
import { parseHeader, parseHeaderLength, type SafetensorsEntry, type SafetensorsHeader } from "./safetensors-header.ts";
import type { TensorData } from "./tensor-data.ts";

/** The tensors of a safetensors file with the strings of its header. */
export interface SafetensorsContent {
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An open safetensors file: its header is read and checked, its tensors are read one by one when asked for. */
export class SafetensorsFile {
  readonly #source: ByteSource;
  readonly #header: SafetensorsHeader;
  readonly #checksums: Checksums | undefined;

  /** @param checksums - of a file that has them: every tensor is compared with its own when it is read */
  constructor(source: ByteSource, header: SafetensorsHeader, checksums?: Checksums) {
    this.#source = source;
    this.#header = header;
    this.#checksums = checksums;
  }

  /** What errors call it. */
  get path(): string {
    return this.#source.name;
  }

  /** Dtype, shape and place of every tensor, in the order of the file's header. */
  get entries(): ReadonlyMap<string, SafetensorsEntry> {
    return this.#header.entries;
  }

  /** The file's own strings. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#header.metadata;
  }

  /**
   * Reads one tensor into memory.
   *
   * @throws CheckpointError when the file has none of that name, or its bytes are not those that were written
   */
  async read(name: string): Promise<TensorData> {
    const entry = this.#header.entries.get(name);
    if (entry === undefined) throw new CheckpointError(`${this.path}: has no tensor "${name}"`);
    const bytes = await this.#source.read(entry.start, entry.byteLength);
    if (this.#checksums !== undefined) await verifyTensor(this.#checksums, name, bytes, this.path);
    return { shape: entry.shape, ...decodeValues(entry.dtype, bytes, `${this.path}: tensor "${name}"`) };
  }

  /** Reads all tensors into memory. */
  async readAll(): Promise<SafetensorsContent> {
    const tensors = new Map<string, TensorData>();
    for (const name of this.entries.keys()) tensors.set(name, await this.read(name));
    return { tensors, metadata: this.metadata };
  }

  /** Closes the file. Nothing can be read from it any more. */
  async close(): Promise<void> {
    await this.#source.close();
  }
}

/** Reads and checks the header of a source, which becomes the file's: it is closed where the header is refused. */
export async function safetensorsOf(source: ByteSource): Promise<SafetensorsFile> {
  try {
    const { name, size } = source;
    const headerBytes = parseHeaderLength(await source.read(0, Math.min(8, size)), size, name);
    const header = parseHeader(await source.read(8, headerBytes), size, name);
    return new SafetensorsFile(source, header, await checksumsOf(header, name));
  } catch (error) {
    await source.close();
    throw error;
  }
}
