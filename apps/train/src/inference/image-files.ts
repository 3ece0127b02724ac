import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@detrkit/common";

const imageName = /\.(?:jpe?g|png|webp|gif|tiff?|avif|bmp)$/i;

/** Pictures that `predict` itself wrote into a folder of images. */
const ownPicture = /\.detrkit\.png$/i;

/** The image files that paths stand for: files as given, folders with all images in them, by name. */
export async function imageFiles(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const status = await stat(path).catch((cause: unknown) => {
      throw new DataError(`${path} does not exist`, { cause });
    });
    if (!status.isDirectory()) {
      found.push(path);
      continue;
    }
    const names = (await readdir(path, { recursive: true })).filter(
      (name) => imageName.test(name) && !ownPicture.test(name),
    );
    if (names.length === 0) throw new DataError(`${path} holds no images (JPEG, PNG, WebP, GIF, TIFF, AVIF)`);
    found.push(...names.toSorted().map((name) => join(path, name)));
  }
  return [...new Set(found)];
}
