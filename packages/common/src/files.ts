import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { nameFile } from "./system-error.ts";

export { describeSystemError, nameFile } from "./system-error.ts";
export type { SystemErrorText } from "./system-error.ts";

/**
 * Writes a file completely or not at all: the content is written to a temporary name beside it, flushed to disk, and
 * then renamed. Nobody sees half a file, even after a crash. Missing folders are created. An error of the operating
 * system names `path`, not the temporary file.
 *
 * @param content - the whole content, or its pieces in order (pieces avoid joining large buffers)
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
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
    await rm(temporary, { force: true });
    throw nameFile(error, path, temporary);
  }
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
