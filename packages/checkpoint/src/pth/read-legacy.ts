import type { FileHandle } from "node:fs/promises";
import { CheckpointError } from "@detrkit/common";
import { readBytes } from "../read-bytes.ts";
import { ByteCursor } from "./byte-cursor.ts";
import type { PickleStorage, PickleValue } from "./pickle-value.ts";
import type { PthContainer } from "./pth-container.ts";
import { StorageIds } from "./storage-ids.ts";
import { type ReadFile, ReadingBudget } from "./reading-budget.ts";
import { type StorageType, storageTypes } from "./storage-types.ts";
import { unpickle } from "./unpickle.ts";

const magic = 0x1950a86a20f9469cfc6cn;
const version = 1001;
/** The pickles before the numbers take some hundred bytes for each tensor: rarely more than this. */
const firstGuessBytes = 1 << 20;

interface Head {
  readonly content: PickleValue;
  /** In the order of the file. */
  readonly storages: readonly PickleStorage[];
  readonly byteLength: number;
}

/** Reads the format of `torch.save` before PyTorch 1.6: five pickles, then the storages, each after its length. */
export async function readLegacy(file: FileHandle, fileBytes: number, path: string): Promise<PthContainer> {
  const { content, storages, byteLength } = await readHead(file, fileBytes, path);
  const starts = new Map<string, number>();
  let position = byteLength;
  for (const { key, type, length } of storages) {
    const start = position + 8;
    const end = start + length * (storageTypes.get(type) as StorageType).bytes;
    if (end > fileBytes)
      throw new CheckpointError(
        `${path}: is truncated: at least ${end} bytes are needed, ${fileBytes} are there. Fetch or copy it again`,
      );
    const stated = new ByteCursor(await readBytes(file, position, 8, path), path).length64();
    if (stated !== length)
      throw new CheckpointError(
        `${path}: is damaged: storage "${key}" should have ${length} elements, ${stated} are stated where it begins`,
      );
    starts.set(key, start);
    position = end;
  }
  return { content, fileBytes, startOf: async ({ key }) => starts.get(key) as number };
}

/**
 * The length of the pickles is known only once they are read. So the start of the file is read, and more of it if the
 * pickles end later.
 */
async function readHead(file: FileHandle, fileBytes: number, path: string): Promise<Head> {
  for (let length = Math.min(fileBytes, firstGuessBytes); ; length = Math.min(fileBytes, length * 8)) {
    const cursor = new ByteCursor(await readBytes(file, 0, length, path), path);
    try {
      return parseHead(cursor, { source: path, budget: new ReadingBudget(path, fileBytes) });
    } catch (error) {
      if (!cursor.ranOut || length === fileBytes) throw error;
    }
  }
}

function parseHead(cursor: ByteCursor, options: ReadFile): Head {
  const { source } = options;
  if (unpickle(cursor, options) !== magic)
    throw new CheckpointError(
      `${source}: is a pickle, but not one of torch.save; ` +
        'save the tensors with torch.save(model.state_dict(), "weights.pth")',
    );
  const stated = unpickle(cursor, options);
  if (stated !== version)
    throw new CheckpointError(
      `${source}: is damaged, or has an unknown version of PyTorch's old format ` +
        `(${typeof stated === "number" ? stated : "no number"}, expected ${version})`,
    );
  checkSystem(unpickle(cursor, options), source);
  const ids = new StorageIds(source);
  const content = unpickle(cursor, { ...options, storageOf: (id) => ids.take(id) });
  const keys = unpickle(cursor, options);
  return { content, storages: storagesInOrder(keys, ids.byKey, source), byteLength: cursor.position };
}

function checkSystem(system: PickleValue, source: string): void {
  if (!(system instanceof Map))
    throw new CheckpointError(`${source}: is damaged: it does not say what machine it was written on`);
  if (system.get("little_endian") === false)
    throw new CheckpointError(`${source}: was written on a big-endian machine; save it again on another`);
}

function storagesInOrder(
  keys: PickleValue,
  known: ReadonlyMap<string, PickleStorage>,
  source: string,
): readonly PickleStorage[] {
  const storages = Array.isArray(keys) ? keys.map((key) => (typeof key === "string" ? known.get(key) : undefined)) : [];
  if (storages.length !== known.size || new Set(storages).size !== known.size || storages.includes(undefined)) {
    throw new CheckpointError(`${source}: is damaged: its list of storages does not match its tensors`);
  }
  return storages as PickleStorage[];
}
