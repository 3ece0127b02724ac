import { readFile, stat } from "node:fs/promises";
import { DataError } from "@detrkit/common";
import type { Dataset } from "@detrkit/datasets";
import type { RunData } from "./open-data.ts";

const inMebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/**
 * A run's images with the bytes of their files in memory, undecoded, each file once. Images that are no files stay as
 * they are. In memory that threads share: it is not copied for those that decode.
 *
 * @throws DataError where they would take more memory than there is; nothing was read then
 */
export async function cachedImages({ training, validation }: RunData, say: (line: string) => void): Promise<RunData> {
  const sources = [training, validation].flatMap(({ records }) => records.map(({ source }) => source));
  const paths = new Set(sources.filter((source) => typeof source === "string"));
  let bytes = 0;
  for (const path of paths) bytes += (await stat(path)).size;
  const free = process.availableMemory();
  if (bytes > free)
    throw new DataError(
      `--cache-images: the ${paths.size} image files take ${inMebibytes(bytes)}, of ${inMebibytes(free)} of memory ` +
        "that are free; leave the flag away, and they are read when they are needed",
    );
  const files = new Map<string, Uint8Array>();
  for (const path of paths) files.set(path, await readShared(path));
  const cached = (dataset: Dataset): Dataset => ({
    ...dataset,
    records: dataset.records.map((record) => {
      const { source } = record;
      const content = typeof source === "string" ? files.get(source) : undefined;
      // Called by its path in messages, as before.
      return content === undefined ? record : { ...record, name: String(source), source: content };
    }),
  });
  say(`kept in memory: ${files.size} image files, ${inMebibytes(bytes)}`);
  return { training: cached(training), validation: cached(validation) };
}

async function readShared(path: string): Promise<Uint8Array> {
  const content = await readFile(path);
  const shared = new Uint8Array(new SharedArrayBuffer(content.length));
  shared.set(content);
  return shared;
}
