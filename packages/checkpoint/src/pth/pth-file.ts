import type { FileHandle } from "node:fs/promises";
import { CheckpointError } from "@detrkit/common";
import { openForReading, readBytes } from "../read-bytes.ts";
import type { TensorData } from "../tensor-data.ts";
import { findStateDict, type StateDictChoice } from "./find-state-dict.ts";
import type { PickleValue } from "./pickle-value.ts";
import type { PthContainer } from "./pth-container.ts";
import type { PthTensor } from "./pth-tensor.ts";
import { readLegacy } from "./read-legacy.ts";
import { readZip } from "./read-zip.ts";
import { ReadingBudget } from "./reading-budget.ts";
import { gatherView, type PthValues, tensorDataOf, valuesOf } from "./tensor-values.ts";

/** An open `.pth`: its content is known, tensors are read one by one on request. */
export class PthFile {
  readonly path: string;
  /** The object passed to `torch.save`, as plain data. */
  readonly content: PickleValue;
  readonly #file: FileHandle;
  readonly #container: PthContainer;

  constructor(path: string, file: FileHandle, container: PthContainer) {
    this.path = path;
    this.content = container.content;
    this.#file = file;
    this.#container = container;
  }

  /** A tensor of {@link content} in its own type, row-major whatever its strides. */
  async readValues(tensor: PthTensor): Promise<PthValues> {
    return valuesOf(tensor.dtype, await this.#readBytes(tensor), `${this.path}: a tensor`);
  }

  /** A tensor of {@link content} in the types that detrkit works with. @param name - its name in errors */
  async read(tensor: PthTensor, name: string): Promise<TensorData> {
    return tensorDataOf(tensor, await this.#readBytes(tensor), `${this.path}: tensor "${name}"`);
  }

  /** A model's tensors by key, as `importStateDict` takes them. {@link StateDictChoice} says where they are. */
  async readStateDict(choice: StateDictChoice = {}): Promise<ReadonlyMap<string, TensorData>> {
    const found = findStateDict(this.content, this.path, choice);
    // All tensors are counted before the first is read, one with several names several times.
    const budget = new ReadingBudget(this.path, this.#container.fileBytes);
    for (const tensor of found.values()) budget.spendOnTensor(tensor.byteLength);
    const stateDict = new Map<string, TensorData>();
    for (const [name, tensor] of found) stateDict.set(name, await this.read(tensor, name));
    return stateDict;
  }

  /** Closes the file. Nothing can be read from it any more. */
  async close(): Promise<void> {
    await this.#file.close();
  }

  async #readBytes(tensor: PthTensor): Promise<Uint8Array<ArrayBuffer>> {
    if (tensor.size === 0) return new Uint8Array();
    const start = (await this.#container.startOf(tensor.storage)) + tensor.offset * tensor.elementBytes;
    return gatherView(tensor, await readBytes(this.#file, start, tensor.extent * tensor.elementBytes, this.path));
  }
}

/**
 * Opens a file of `torch.save`, of any version since 2017; the caller closes it. Nothing in it is run: everything but
 * plain data and tensors is refused. The device it was saved from does not matter.
 *
 * @throws CheckpointError if it is damaged, is not a checkpoint, or asks for code that tensors do not need
 */
export async function openPth(path: string): Promise<PthFile> {
  const file = await openForReading(path);
  try {
    return new PthFile(path, file, await readContainer(file, path));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The content of a `.pth`, with the model's tensors in memory. */
export interface PthContent {
  readonly content: PickleValue;
  readonly stateDict: ReadonlyMap<string, TensorData>;
}

/**
 * Reads a `.pth` into memory: the model's tensors and all plain data. Other tensors, for example an optimiser's state,
 * are not read.
 */
export async function readPth(path: string, choice: StateDictChoice = {}): Promise<PthContent> {
  const file = await openPth(path);
  try {
    return { content: file.content, stateDict: await file.readStateDict(choice) };
  } finally {
    await file.close();
  }
}

async function readContainer(file: FileHandle, path: string): Promise<PthContainer> {
  const { size } = await file.stat();
  const [first, second] = await readBytes(file, 0, Math.min(size, 2), path);
  if (first === 0x50 && second === 0x4b) return readZip(file, size, path);
  if (first === 0x80) return readLegacy(file, size, path);
  throw new CheckpointError(
    `${path}: is not a file of torch.save: it begins neither as a zip file nor as a pickle. ` +
      "A .safetensors file is opened with openSafetensors",
  );
}
