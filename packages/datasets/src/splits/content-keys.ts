import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { ImageRecord } from "../dataset.ts";
import { mapAtOnce } from "../reading/image-files.ts";

const atOnce = 4;

async function digest(source: string | Uint8Array): Promise<string> {
  const hash = createHash("sha256");
  if (typeof source === "string") await pipeline(createReadStream(source), hash);
  else hash.update(source);
  return hash.digest("hex");
}

/** Size in bytes of an image that is a file or the bytes of one; `undefined` of what is made when it is needed. */
function byteSize({ source }: ImageRecord): number | undefined {
  if (typeof source === "string") return statSync(source, { throwIfNoEntry: false })?.size;
  return source instanceof Uint8Array ? source.length : undefined;
}

/**
 * A text for each image that is equal for the same file and for files of identical bytes. Only files of the same size
 * are read. Pixels, and pictures that a function gives, are each their own.
 */
export async function contentKeys(records: readonly ImageRecord[]): Promise<string[]> {
  const sizes = records.map(byteSize);
  const files = new Map<number, Set<unknown>>();
  for (const [index, size] of sizes.entries()) {
    if (size === undefined) continue;
    const sources = files.get(size) ?? new Set();
    files.set(size, sources.add(records[index]?.source));
  }
  const digests = new Map<unknown, Promise<string>>();
  return await mapAtOnce(
    records.map((record, index) => ({ source: record.source, index, size: sizes[index] })),
    atOnce,
    async ({ source, index, size }) => {
      if (size === undefined || !(typeof source === "string" || source instanceof Uint8Array)) return `image ${index}`;
      if (files.get(size)?.size === 1) return `size ${size}`;
      const known = digests.get(source) ?? digest(source);
      digests.set(source, known);
      return await known;
    },
  );
}
