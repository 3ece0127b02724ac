import { type FileHandle, open } from "node:fs/promises";
import { CheckpointError } from "@detrkit/common";

/** The most bytes of one read call: Node refuses reads of 2 GiB and more. */
const maximumReadBytes = 1 << 28;

export async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw new CheckpointError(`${path}: can't be opened (${(cause as Error).message})`, { cause });
  }
}

/** Reads `length` bytes, which are within the file's size. */
export async function readBytes(
  file: FileHandle,
  start: number,
  length: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, maximumReadBytes), start + done);
    if (bytesRead === 0) throw new CheckpointError(`${path}: ended while it was read; is another program writing it?`);
    done += bytesRead;
  }
  return bytes;
}
