import { createWriteStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { basename, dirname, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { BackendError } from "@detrkit/common";
import yauzl from "yauzl";
import { WheelSource } from "./wheel-source.ts";

// The parts of a wheel of 1.5 GB unpacked: the two libraries, CUDA's, and the headers that the addon's sources include.
const needed = [
  /^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/,
  /^tensorflow\/include\/tensorflow\/c\//,
  /^tensorflow\/include\/tensorflow\/core\/(platform|common_runtime\/next_pluggable_device\/c)\/[^/]*\.h$/,
  /^tensorflow\/include\/(xla\/)?tsl\/(c|platform)\//,
  /^tensorflow\/include\/(Eigen|unsupported)\//,
  /^nvidia\/.*\.so[.\d]*$/,
];

/**
 * Unpacks what the native backend needs of one wheel (a zip file) into a folder.
 *
 * @throws BackendError if the wheel is damaged or does not hold TensorFlow's libraries
 */
export async function unpackWheel(wheel: string, folder: string, signal?: AbortSignal): Promise<void> {
  const file = await open(wheel);
  try {
    const { size } = await file.stat();
    const files = await unpackNeeded(new WheelSource(file, size), size, folder, signal);
    if (files === 0)
      throw new BackendError(
        `${basename(wheel)} holds none of TensorFlow's libraries: expected tensorflow/libtensorflow_cc.so.2`,
      );
  } catch (cause) {
    if (signal?.aborted || BackendError.isInstance(cause)) throw cause;
    throw new BackendError(`${basename(wheel)} could not be unpacked (${(cause as Error).message})`, { cause });
  } finally {
    await file.close();
  }
}

async function unpackNeeded(
  source: WheelSource,
  bytes: number,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const zip = await yauzl.fromRandomAccessReaderPromise(source, bytes, { autoClose: false });
  let files = 0;
  for await (const entry of zip.eachEntry()) {
    const name = normalize(entry.fileName);
    if (name.endsWith("/") || !needed.some((pattern) => pattern.test(name))) continue;
    const target = join(folder, name);
    await mkdir(dirname(target), { recursive: true });
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target), { signal });
    files += 1;
  }
  return files;
}
