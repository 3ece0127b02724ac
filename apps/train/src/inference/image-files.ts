import { readdir, stat } from "node:fs/promises";
import { join, parse } from "node:path";
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

/**
 * Where the annotated picture of each image goes: `photo.jpg` to `photo.detrkit.png`, beside it or in one folder.
 * Images that would share a picture (`photo.jpg`, `photo.png`) keep more of their names.
 */
export function picturePaths(files: readonly string[], folder: string | undefined): string[] {
  const taken = new Set<string>();
  return files.map((file) => {
    const { dir, name, base } = parse(file);
    const stems = [name, base, ...Array.from({ length: files.length }, (_, index) => `${base}-${index + 2}`)];
    const path =
      stems.map((stem) => join(folder ?? dir, `${stem}.detrkit.png`)).find((candidate) => !taken.has(candidate)) ?? "";
    taken.add(path);
    return path;
  });
}
