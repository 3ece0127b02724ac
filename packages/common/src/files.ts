import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file so that it is there whole or not at all: the content goes to a temporary name beside it, reaches the
 * disk, and is then renamed. A reader, or a crash in mid-write, never sees half of it. Missing folders are made.
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
    throw error;
  }
}

/**
 * Fills a buffer with what an open file holds from `position` on, for readers of files that may be damaged.
 *
 * @param byteLength - the file's size
 * @throws Error saying of the file what is wrong ("it …") where those bytes are not in it
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
