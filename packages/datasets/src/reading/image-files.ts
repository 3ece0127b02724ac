import { readdirSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { readImageHeader } from "@detrkit/image";
import type { ImageSize } from "@detrkit/nn";
import type { DataProblem } from "../data-policy.ts";
import { imageName } from "../dataset.ts";
import { FileTree } from "./file-tree.ts";
import { isImageName, stemOf } from "./image-names.ts";
import { expectWhole, type ImageToLoad, isPixels, loadPicture, type PixelSource } from "../pixel-source.ts";

interface Listing {
  readonly exact: ReadonlySet<string>;
  readonly byLowerCase: ReadonlyMap<string, string>;
  readonly byStem: ReadonlyMap<string, string>;
}

/** Finds image files by the names that annotations give them, listing each folder once. */
export class ImageFolder {
  readonly #listings = new Map<string, Listing>();
  readonly #report: (problem: DataProblem) => void;
  readonly #root: string | undefined;
  #tree: FileTree | undefined;

  /** @param root - folder of the data set: what is not where its name says is looked for in all of it */
  constructor(report: (problem: DataProblem) => void, root?: string) {
    this.#report = report;
    this.#root = root;
  }

  has(path: string): boolean {
    return this.#list(dirname(path)).exact.has(basename(path));
  }

  /** Names of the images in a folder, sorted. */
  images(folder: string): string[] {
    return [...this.#list(folder).exact].filter(isImageName).toSorted();
  }

  /**
   * Path of an image, also where the spelling of its name or its extension is another; says so. `undefined`, reported
   * as missing, where there is none.
   *
   * @param mentionedIn - the annotation file, for the message
   */
  find(folder: string, name: string, mentionedIn: string, line?: number): string | undefined {
    const written = name.replaceAll("\\", "/");
    const path = isAbsolute(written) ? written : join(folder, written);
    const listing = this.#list(dirname(path));
    if (listing.exact.has(basename(path))) return path;
    const place = { file: mentionedIn, line };
    const there = dirname(path);
    // Tables often leave the extension away.
    const bare = isImageName(path) ? undefined : listing.byStem.get(basename(path).toLowerCase());
    if (bare !== undefined) return join(there, bare);
    const otherCase = listing.byLowerCase.get(basename(path).toLowerCase());
    if (otherCase !== undefined) {
      this.#report({ kind: "wrong-case-file", ...place, detail: `"${name}" is spelled "${otherCase}" in ${there}` });
      return join(there, otherCase);
    }
    const otherExtension = listing.byStem.get(stemOf(path));
    if (otherExtension !== undefined) {
      this.#report({ kind: "renamed-image", ...place, detail: `"${name}" is "${otherExtension}" in ${there}` });
      return join(there, otherExtension);
    }
    const elsewhere = this.#elsewhere(name, path);
    if (elsewhere.length === 1) return elsewhere[0];
    const which =
      elsewhere.length > 1 ? `, and ${elsewhere.length} elsewhere: ${elsewhere.slice(0, 3).join(", ")}` : "";
    this.#report({ kind: "missing-image", ...place, detail: `"${name}": no such file in ${there}${which}` });
    return undefined;
  }

  /** Images of that name anywhere in the data set: annotations often hold the paths of another machine. */
  #elsewhere(name: string, expected: string): readonly string[] {
    if (this.#root === undefined) return [];
    this.#tree ??= new FileTree(this.#root);
    return this.#tree.imagesNamed(name, expected);
  }

  #list(folder: string): Listing {
    let listing = this.#listings.get(folder);
    if (listing === undefined) {
      const names = listFiles(folder);
      listing = {
        exact: new Set(names),
        byLowerCase: new Map(names.map((name) => [name.toLowerCase(), name])),
        byStem: new Map(names.filter(isImageName).map((name) => [stemOf(name), name])),
      };
      this.#listings.set(folder, listing);
    }
    return listing;
  }
}

/** Names of the files in a folder. Annotations name what they like: a device or a pipe among them may never end. */
function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || (entry.isSymbolicLink() && isFile(join(folder, entry.name))))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Names in a folder; none where it does not exist. */
export function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const atOnce = 16;

/** An image, and its size where the annotations hold it. */
type Unsized = Pick<ImageToLoad, "source" | "name"> & { readonly size?: ImageSize | undefined };

/**
 * The images with their sizes, which are read from their headers where the annotations do not hold them. An image that
 * cannot be read is left out and reported.
 */
export async function withSizes<Image extends Unsized>(
  images: readonly Image[],
  report: (problem: DataProblem) => void,
): Promise<(Image & { readonly size: ImageSize })[]> {
  const sized = await mapAtOnce(images, atOnce, async (image) => {
    const name = imageName(image);
    try {
      return [{ ...image, size: image.size ?? (await readSize(image.source, name)) }];
    } catch (error) {
      report({ kind: "unreadable-image", file: name, detail: messageWithout(name, error) });
      return [];
    }
  });
  return sized.flat();
}

async function readSize(source: PixelSource, name: string): Promise<ImageSize> {
  const picture = await loadPicture({ source, name });
  const { width, height } = isPixels(picture) ? expectWhole(picture, name) : await readImageHeader(picture, { name });
  return { width, height };
}

/** The results of `work` on each item, in the items' order; `count` are worked on at the same time. */
export async function mapAtOnce<Item, Result>(
  items: readonly Item[],
  count: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const workOn = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: count }, workOn));
  return results;
}

/** An error's message without the file name that it begins with, since findings name the file themselves. */
export function messageWithout(file: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
}
