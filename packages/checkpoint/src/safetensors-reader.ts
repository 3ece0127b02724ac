import type { FileHandle } from "node:fs/promises";
import { CheckpointError } from "@detrkit/common";
import { decodeValues } from "./decode-values.ts";
import { openForReading, readBytes } from "./read-bytes.ts";
import { parseHeader, parseHeaderLength, type SafetensorsEntry, type SafetensorsHeader } from "./safetensors-header.ts";
import type { TensorData } from "./tensor-data.ts";

/** An open safetensors file: its header is read and checked, its tensors are read one by one on request. */
export class SafetensorsFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #header: SafetensorsHeader;

  constructor(path: string, file: FileHandle, header: SafetensorsHeader) {
    this.path = path;
    this.#file = file;
    this.#header = header;
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
   * @throws CheckpointError if the file has no tensor of that name
   */
  async read(name: string): Promise<TensorData> {
    const entry = this.#header.entries.get(name);
    if (entry === undefined) throw new CheckpointError(`${this.path}: has no tensor "${name}"`);
    const bytes = await readBytes(this.#file, entry.start, entry.byteLength, this.path);
    return { shape: entry.shape, ...decodeValues(entry.dtype, bytes, `${this.path}: tensor "${name}"`) };
  }

  /** Closes the file. Nothing can be read from it any more. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Opens a safetensors file; the caller closes it. Only its header is read here. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openForReading(path);
  try {
    const { size } = await file.stat();
    const headerBytes = parseHeaderLength(await readBytes(file, 0, Math.min(8, size), path), size, path);
    return new SafetensorsFile(path, file, parseHeader(await readBytes(file, 8, headerBytes, path), size, path));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads a whole safetensors file into memory. */
export async function readSafetensors(
  path: string,
): Promise<{ readonly tensors: ReadonlyMap<string, TensorData>; readonly metadata: Readonly<Record<string, string>> }> {
  const file = await openSafetensors(path);
  try {
    const tensors = new Map<string, TensorData>();
    for (const name of file.entries.keys()) tensors.set(name, await file.read(name));
    return { tensors, metadata: file.metadata };
  } finally {
    await file.close();
  }
}
