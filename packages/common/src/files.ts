import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StorageError } from "./errors.ts";
import { makeFolder } from "./make-folder.ts";
import { describeSystemError, nameFile, safeStat } from "./system-error.ts";

export { makeFolder } from "./make-folder.ts";
export { describeSystemError, nameFile } from "./system-error.ts";
export type { SystemErrorText } from "./system-error.ts";

/**
 * Writes a file completely or not at all: the content is written to a temporary name beside it, flushed to disk, and
 * then renamed. Nobody sees half a file, even after a crash. Missing folders are created.
 *
 * @param content - the whole content, or its pieces in order (pieces avoid joining large buffers)
 * @throws StorageError naming the file when it cannot be written; what it held before is still there
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    makeFolder(dirname(path));
    const file = await open(temporary, "wx");
    try {
      if (Array.isArray(content)) {
        for (const piece of content as readonly Uint8Array[]) await file.writeFile(piece);
      } else {
        await file.writeFile(content as string | Uint8Array);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the reason why it was not written counts
    throw notWritten(path, nameFile(error, path, temporary));
  }
}

function notWritten(path: string, cause: unknown): StorageError {
  const reason = describeSystemError(cause)?.text ?? `${path} could not be written (${String(cause)})`;
  const isThere = safeStat(path)?.isFile() === true;
  return new StorageError(isThere ? `${reason}. What it held before is still there` : reason, { cause });
}

/** Whether a file has a name under which a writer keeps what is not whole yet. */
export function isLeftover(name: string): boolean {
  return /\.\d+-[0-9a-f]{8}\.tmp$/u.test(name);
}

/** Removes what writers that were killed left in a folder. Only for a folder that nobody else writes to. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const leftovers = names.filter(isLeftover);
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { force: true })));
}

/**
 * Fills a buffer with what an open file holds from `position` on, for readers of files that may be damaged.
 *
 * @param byteLength - the file's size
 * @throws Error if the file does not hold those bytes; its message says what is wrong with the file ("it …")
 */
export async function fillFrom(
  file: FileHandle,
  byteLength: number,
  buffer: Uint8Array,
  position: number,
): Promise<void> {
  if (position < 0 || position + buffer.length > byteLength)
    throw new Error(`it points to byte ${position}, outside of the file`);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
  if (bytesRead < buffer.length) throw new Error("it ended while it was read");
}
