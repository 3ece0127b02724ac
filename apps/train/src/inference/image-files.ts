import { readdir, stat } from "node:fs/promises";
import { dirname, join, parse, relative, resolve, sep } from "node:path";
import { DataError } from "@detrkit/common";
import { describeSystemError } from "@detrkit/common/files";

/** Names of images; those of formats that are not read are among them, so that they are named and not passed over. */
const imageName = /\.(?:jpe?g|png|webp|gif|tiff?|avif|bmp|hei[cf]|jxl|jp2)$/iu;

/** An image to find objects in. */
export interface InputImage {
  /** As it was given, or the folder as it was given and the file's name in it. */
  readonly path: string;
  /**
   * What its results are called, without an extension: its name, and its folders below the one that all images are in.
   * No two images share it, also where upper and lower case are the same.
   */
  readonly stem: string;
}

/** The images that paths stand for. */
export interface InputImages {
  readonly images: readonly InputImage[];
  /** The folders among the paths. */
  readonly folders: readonly string[];
}

/**
 * The image files that paths stand for: files as given, folders with all images in them, by name.
 *
 * @throws DataError where a path does not exist, or a folder holds no image
 */
export async function inputImages(paths: readonly string[]): Promise<InputImages> {
  const found = new Map<string, string>();
  const folders: string[] = [];
  for (const path of paths) {
    const status = await stat(path).catch((cause: unknown) => {
      throw new DataError(describeSystemError(cause)?.text ?? `${path} cannot be read`, { cause });
    });
    if (!status.isDirectory()) {
      found.set(resolve(path), path);
      continue;
    }
    const names = (await readdir(path, { recursive: true })).filter((name) => imageName.test(name));
    if (names.length === 0) throw new DataError(`${path} holds no images (JPEG, PNG, WebP, GIF, TIFF, AVIF)`);
    folders.push(path);
    for (const name of names.toSorted()) found.set(resolve(path, name), join(path, name));
  }
  const files = [...found.values()];
  const roots = [...folders, ...files.filter((file) => !folders.some((folder) => isWithin(folder, file))).map(dirname)];
  const stems = uniqueStems([...found.keys()].map((file) => relative(commonFolder(roots), file)));
  return { images: files.map((path, index) => ({ path, stem: stems[index] as string })), folders };
}

/** Whether a path is this folder or lies below it. */
export function isWithin(folder: string, path: string): boolean {
  const inside = relative(resolve(folder), resolve(path));
  return inside === "" || (inside !== ".." && !inside.startsWith(`..${sep}`) && resolve(inside) !== inside);
}

/** The deepest folder that all of these are or lie below. */
function commonFolder(folders: readonly string[]): string {
  const [first = "", ...others] = folders.map((folder) => resolve(folder));
  let common = first;
  while (!others.every((folder) => isWithin(common, folder)) && dirname(common) !== common) common = dirname(common);
  return common;
}

/** File names without their extensions, but where two would be the same: then with it, or with a number. */
function uniqueStems(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    // Of another drive of Windows nothing is relative.
    const { root, dir, name: stem, base } = parse(name);
    const numbered = Array.from({ length: names.length }, (_, index) => `${base}-${index + 2}`);
    const candidates = [stem, base, ...numbered].map((last) => join(dir.slice(root.length), last));
    const free = candidates.find((candidate) => !taken.has(candidate.toLowerCase())) as string;
    taken.add(free.toLowerCase());
    return free;
  });
}
