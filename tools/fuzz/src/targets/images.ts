import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeImage, encodePng, readImageHeader } from "@detrkit/image";
import { bytesTarget } from "../bytes-target.ts";
import { imageFiles, imageTokens } from "../corpus/image-files.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

/** Image files: header and pixels, from a path and from bytes; what is decoded is whole and can be encoded again. */
export const target: FuzzTarget = bytesTarget({
  name: "images",
  limits: { seconds: 20, mebibytes: 1536 },
  corpus: imageFiles,
  tokens: imageTokens,
  // The first picture loads the codecs; its threads and tables are not the first case's.
  prepare: async () => {
    for (const { bytes } of await imageFiles()) await decodeImage(bytes);
  },
  check: async (input, folder) => {
    const path = join(folder, "picture");
    await writeFile(path, input);
    const header = await readImageHeader(path);
    const image = await decodeImage(path);
    if (image.data.length !== image.width * image.height * 3)
      throw new Error(`${image.width}x${image.height} pixels have ${image.data.length} bytes`);
    if (header.width !== image.width || header.height !== image.height) {
      throw new Error(
        `the header says ${header.width}x${header.height}, the pixels are ${image.width}x${image.height} ` +
          `(${header.format})`,
      );
    }
    const stored = await decodeImage(input, { orientation: "ignore" });
    if (stored.width !== header.storedWidth || stored.height !== header.storedHeight)
      throw new Error(
        `stored as ${header.storedWidth}x${header.storedHeight}, decoded as ${stored.width}x${stored.height}`,
      );
    if (image.width * image.height > 1e6) return;
    const again = await decodeImage(await encodePng(image));
    if (Buffer.compare(again.data, image.data) !== 0) throw new Error("a PNG of the pixels comes back as others");
  },
});
