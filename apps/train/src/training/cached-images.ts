import { readFile } from "node:fs/promises";
import { DataError } from "@detrkit/common";
import type { Dataset, ImageRecord } from "@detrkit/datasets";
import type { RunData } from "./open-data.ts";

const mebibyte = 2 ** 20;

/**
 * A run's images with the bytes of their files in memory, undecoded, each file once. Images that are no files stay as
 * they are. In memory that threads share: it is not copied for those that decode.
 *
 * @throws DataError where they would take more memory than there is
 */
export async function cachedImages({ training, validation }: RunData, say: (line: string) => void): Promise<RunData> {
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  const read = async (path: string): Promise<Uint8Array> => {
    const known = files.get(path);
    if (known !== undefined) return known;
    const content = await readFile(path);
    const shared = new Uint8Array(new SharedArrayBuffer(content.length));
    shared.set(content);
    files.set(path, shared);
    bytes += content.length;
    if (bytes > process.availableMemory()) {
      throw new DataError(
        `--cache-images: ${files.size} of the image files take ${(bytes / mebibyte).toFixed(1)} MiB, ` +
          "more memory than is left; leave the flag away, and they are read when they are needed",
      );
    }
    return shared;
  };
  const cached = async (dataset: Dataset): Promise<Dataset> => {
    const records: ImageRecord[] = [];
    for (const record of dataset.records)
      records.push(
        // Called by its path in messages, as before.
        typeof record.source === "string"
          ? { ...record, name: record.source, source: await read(record.source) }
          : record,
      );
    return { ...dataset, records };
  };
  const data = { training: await cached(training), validation: await cached(validation) };
  say(`kept in memory: ${files.size} image files, ${(bytes / mebibyte).toFixed(1)} MiB`);
  return data;
}
