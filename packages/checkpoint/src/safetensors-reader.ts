import { openForReading, readBytes } from "./read-bytes.ts";
import { type SafetensorsContent, type SafetensorsFile, safetensorsOf } from "./safetensors-file.ts";

/** Opens a safetensors file; the caller closes it. Only its header is read here. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openForReading(path);
  return await safetensorsOf({
    name: path,
    size: (await file.stat()).size,
    read: (start, length) => readBytes(file, start, length, path),
    close: () => file.close(),
  });
}

/** Reads a whole safetensors file into memory. */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  const file = await openSafetensors(path);
  try {
    return await file.readAll();
  } finally {
    await file.close();
  }
}
