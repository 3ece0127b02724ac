import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { BackendError } from "@detrkit/common";
import yauzl from "yauzl";

// Of a wheel of 1.5 GB unpacked: the two libraries, CUDA's, and the headers that the addon's sources include.
const needed = [
  /^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/,
  /^tensorflow\/include\/tensorflow\/c\//,
  /^tensorflow\/include\/tensorflow\/core\/(platform|common_runtime\/next_pluggable_device\/c)\/[^/]*\.h$/,
  /^tensorflow\/include\/(xla\/)?tsl\/(c|platform)\//,
  /^tensorflow\/include\/(Eigen|unsupported)\//,
  /^nvidia\/.*\.so[.\d]*$/,
];

/** Unpacks what the native backend needs of one wheel (a zip file) into a folder. */
export async function unpackWheel(wheel: string, folder: string, signal?: AbortSignal): Promise<void> {
  const zip = await yauzl.openPromise(wheel, { autoClose: false });
  try {
    let files = 0;
    for await (const entry of zip.eachEntry()) {
      const name = normalize(entry.fileName);
      if (name.endsWith("/") || !needed.some((pattern) => pattern.test(name))) continue;
      const target = join(folder, name);
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target), { signal });
      files += 1;
    }
    if (files === 0) throw new BackendError(`${wheel} holds none of TensorFlow's libraries: expected tensorflow/libtensorflow_cc.so.2`);
  } finally {
    zip.close();
  }
}
