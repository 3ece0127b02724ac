import { readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { readImageHeader } from "@detrkit/image";
import type { ImageSize } from "@detrkit/nn";
import type { DataProblem } from "../data-policy.ts";
import { expectWhole, type ImageToLoad, isPixels, loadPicture } from "../pixel-source.ts";

interface Listing {
  readonly exact: ReadonlySet<string>;
  readonly byLowerCase: ReadonlyMap<string, string>;
  readonly byStem: ReadonlyMap<string, string>;
}

const imageExtensions: ReadonlySet<string> = new Set([
  ".jpg",
  ".jpeg",
  ".png",
  ".webp",
  ".bmp",
  ".gif",
  ".tif",
  ".tiff",
  ".avif",
]);

/** Whether a file name ends as images do. */
export function isImageName(name: string): boolean {
  return imageExtensions.has(extname(name).toLowerCase());
}

const stemOf = (name: string): string => basename(name, extname(name)).toLowerCase();

/** Finds image files by the names that annotations give them, listing each folder once. */
export class ImageFolder {
  readonly #listings = new Map<string, Listing>();
  readonly #report: (problem: DataProblem) => void;

  constructor(report: (problem: DataProblem) => void) {
    this.#report = report;
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
    const path = join(folder, name);
    const listing = this.#list(dirname(path));
    if (listing.exact.has(basename(path))) return path;
    const place = { file: mentionedIn, ...(line === undefined ? {} : { line }) };
    const otherCase = listing.byLowerCase.get(basename(path).toLowerCase());
    if (otherCase !== undefined) {
      this.#report({
        kind: "wrong-case-file",
        ...place,
        detail: `"${name}" is spelled "${otherCase}" in ${dirname(path)}`,
      });
      return join(dirname(path), otherCase);
    }
    const otherExtension = listing.byStem.get(stemOf(path));
    if (otherExtension !== undefined) {
      this.#report({ kind: "renamed-image", ...place, detail: `"${name}" is "${otherExtension}" in ${dirname(path)}` });
      return join(dirname(path), otherExtension);
    }
    this.#report({ kind: "missing-image", ...place, detail: `"${name}": no such file in ${dirname(path)}` });
    return undefined;
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

/**
 * Sizes of images, from their headers, for annotations that do not hold them; `undefined`, reported, for an image
 * that cannot be read.
 */
export async function readImageSizes(
  images: readonly Pick<ImageToLoad, "source" | "name">[],
  report: (problem: DataProblem) => void,
): Promise<(ImageSize | undefined)[]> {
  const sizes: (ImageSize | undefined)[] = Array.from(images, () => undefined);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < images.length) {
      const index = next++;
      const { source, name } = images[index] as (typeof images)[number];
      try {
        const picture = await loadPicture({ source, name });
        const { width, height } = isPixels(picture)
          ? expectWhole(picture, name)
          : await readImageHeader(picture, { name });
        sizes[index] = { width, height };
      } catch (error) {
        report({ kind: "unreadable-image", file: name, detail: messageWithout(name, error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, images.length) }, work));
  return sizes;
}

/** The same for files. */
export async function readFileSizes(
  files: readonly string[],
  report: (problem: DataProblem) => void,
): Promise<(ImageSize | undefined)[]> {
  return await readImageSizes(
    files.map((path) => ({ source: path, name: path })),
    report,
  );
}

/** An error's message without the file name that it begins with, since findings name the file themselves. */
export function messageWithout(file: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
}
