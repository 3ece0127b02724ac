import type { FileHandle } from "node:fs/promises";
import { CheckpointError } from "@detrkit/common";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { readBytes } from "../read-bytes.ts";
import { ByteCursor } from "./byte-cursor.ts";
import type { PthContainer } from "./pth-container.ts";
import { StorageIds } from "./storage-ids.ts";
import { costs, type ReadFile, ReadingBudget } from "./reading-budget.ts";
import { type StorageType, storageTypes } from "./storage-types.ts";
import { unpickle } from "./unpickle.ts";
import { ZipSource } from "./zip-source.ts";

/** Memory of one entry, with yauzl's description of it. */
const entryCost = 16 * costs.object;
const pickleName = /^([^/]*\/)?data\.pkl$/;

/**
 * Reads the format of `torch.save` since PyTorch 1.6: a zip file of a pickle, `data.pkl`, and a file for each storage,
 * `data/<key>`.
 */
export async function readZip(file: FileHandle, fileBytes: number, path: string): Promise<PthContainer> {
  const budget = new ReadingBudget(path, fileBytes);
  const { zip, entries } = await listEntries(file, fileBytes, { source: path, budget });
  const start = (name: string): Promise<number> =>
    startOfEntry(zip, requireStored(entries, name, path), fileBytes, path);
  const read = async (name: string): Promise<Uint8Array> =>
    readBytes(file, await start(name), requireStored(entries, name, path).uncompressedSize, path);

  const prefix = findPrefix([...entries.keys()], path);
  if (entries.has(`${prefix}byteorder`) && new TextDecoder().decode(await read(`${prefix}byteorder`)) !== "little") {
    throw new CheckpointError(`${path}: was written on a big-endian machine; save it again on another`);
  }
  const ids = new StorageIds(path);
  const content = unpickle(new ByteCursor(await read(`${prefix}data.pkl`), path), {
    source: path,
    budget,
    storageOf: (id) => ids.take(id),
  });
  for (const { key, type, length } of ids.byKey.values()) {
    const { uncompressedSize } = requireStored(entries, `${prefix}data/${key}`, path);
    const expected = length * (storageTypes.get(type) as StorageType).bytes;
    if (uncompressedSize < expected)
      throw new CheckpointError(`${path}: is damaged: storage "${key}" has ${uncompressedSize} bytes of ${expected}`);
  }
  return { content, fileBytes, startOf: ({ key }) => start(`${prefix}data/${key}`) };
}

interface ZipContent {
  readonly zip: ZipFile;
  readonly entries: ReadonlyMap<string, Entry>;
}

async function listEntries(file: FileHandle, fileBytes: number, { source, budget }: ReadFile): Promise<ZipContent> {
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(new ZipSource(file, fileBytes), fileBytes, {
      autoClose: false,
    });
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) {
      budget.spendOnValues(entryCost);
      entries.set(entry.fileName, entry);
    }
    return { zip, entries };
  } catch (cause) {
    if (CheckpointError.isInstance(cause)) throw cause;
    throw new CheckpointError(
      `${source}: is truncated or damaged: it begins as a zip file, ` +
        `but can't be read as one (${(cause as Error).message}). Fetch or copy it again`,
      { cause },
    );
  }
}

/** First byte of the entry's data; all of its bytes are in the file. */
async function startOfEntry(zip: ZipFile, entry: Entry, fileBytes: number, path: string): Promise<number> {
  try {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    if (fileDataStart + entry.uncompressedSize > fileBytes)
      throw new Error(`its ${entry.uncompressedSize} bytes end outside of the file`);
    return fileDataStart;
  } catch (cause) {
    throw new CheckpointError(
      `${path}: is damaged at "${entry.fileName}" (${(cause as Error).message}). Fetch or copy it again`,
      { cause },
    );
  }
}

function findPrefix(names: readonly string[], path: string): string {
  const found = names.filter((name) => pickleName.test(name));
  const [pickle] = found;
  if (pickle === undefined)
    throw new CheckpointError(`${path}: is a zip file, but not one of torch.save: there is no data.pkl in it`);
  if (found.length > 1)
    throw new CheckpointError(
      `${path}: is a zip file with several data.pkl (${found.join(", ")}); torch.save writes one`,
    );
  const prefix = pickle.slice(0, -"data.pkl".length);
  if (names.includes(`${prefix}constants.pkl`)) {
    throw new CheckpointError(
      `${path}: is a TorchScript program, which is not read. Open it in Python with torch.jit.load and save its ` +
        'tensors alone: torch.save(model.state_dict(), "weights.pth")',
    );
  }
  return prefix;
}

/** PyTorch stores without compression, so that files can be mapped into memory; only other tools compress. */
function requireStored(entries: ReadonlyMap<string, Entry>, name: string, path: string): Entry {
  const entry = entries.get(name);
  if (entry === undefined) throw new CheckpointError(`${path}: is damaged: "${name}" is not in it`);
  if (entry.compressionMethod !== 0 || entry.isEncrypted() || entry.compressedSize !== entry.uncompressedSize) {
    throw new CheckpointError(
      `${path}: was packed again by another program: "${name}" is compressed or encrypted. ` +
        "Unpack it and pack it without compression (zip -0 -r), or save it again with torch.save",
    );
  }
  return entry;
}
