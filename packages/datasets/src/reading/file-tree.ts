import { readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { isImageName, stemOf } from "./image-names.ts";
import { splitOfFolders } from "./split-words.ts";
import { groupBy } from "./group-by.ts";

/** Folders whose names say what kind of files they hold; two paths that differ in nothing else belong together. */
const roleFolders: ReadonlySet<string> = new Set(
  "annotations annotation labels label xml xmls images image imgs img jpegimages photos pictures data".split(" "),
);

const segmentationFolder = /(?:^|[/\\])Segmentation(?:Object|Class)[/\\]/iu;

/** Every file below a folder, listed once. Hidden files and folders, and those of macOS's zip program, are left out. */
export class FileTree {
  readonly root: string;
  /** Paths of all files, sorted. */
  readonly files: readonly string[];
  /** Those of {@link files} that are called as images are, without {@link segmentations}. */
  readonly images: readonly string[];
  /** Pictures of masks, by the folders that Pascal VOC has for them. */
  readonly segmentations: readonly string[];
  readonly #imagesByStem: ReadonlyMap<string, readonly string[]>;

  constructor(root: string) {
    this.root = resolve(root);
    this.files = walk(this.root).toSorted();
    const pictures = this.files.filter(isImageName);
    this.segmentations = pictures.filter((file) => segmentationFolder.test(this.short(file)));
    this.images = pictures.filter((file) => !segmentationFolder.test(this.short(file)));
    this.#imagesByStem = groupBy(this.images, stemOf);
  }

  /** Files with one of these extensions, such as `.xml`, in whatever case. */
  withExtension(...extensions: readonly string[]): string[] {
    return this.files.filter((file) => extensions.includes(extname(file).toLowerCase()));
  }

  /** Whether a path lies in this folder. */
  holds(path: string): boolean {
    return resolve(path).startsWith(this.root.endsWith(sep) ? this.root : `${this.root}${sep}`);
  }

  /** A path as messages shorten it. */
  short(path: string): string {
    return relative(this.root, path) || ".";
  }

  /**
   * The image that a file of labels belongs to: of its name, beside it, or where only folders such as `labels` and
   * `images` are between them; else the one whose folders are most alike. Several where that cannot be told, none where
   * there is none.
   */
  imagesOfLabels(labels: string): readonly string[] {
    const found = this.#inSplitOf(labels, this.#imagesByStem.get(stemOf(labels)) ?? []);
    if (found.length < 2) return found;
    const place = this.#placeOf(labels);
    const near = found.filter((image) => this.#placeOf(image) === place);
    return near.length > 0 ? near : nearest(found, (image) => sharedEnd(this.#placeOf(image), place));
  }

  /**
   * Of some files of labels those that an image may mean which lies outside of this folder: those whose folders are
   * most like its own.
   */
  nearestTo(image: string, files: readonly string[]): readonly string[] {
    const folders = withoutRoles(dirname(resolve(image)));
    return nearest(files, (file) => sharedEnd(this.#placeOf(file), folders));
  }

  /**
   * Images that annotations may mean by a name, which may be a path of another machine: those whose path ends with the
   * most of it. The extension may be missing.
   *
   * @param expected - where the image should have been
   */
  imagesNamed(name: string, expected: string = this.root): readonly string[] {
    const parts = name.split(/[/\\]+/u).filter((part) => part !== "" && part !== ".");
    const last = parts.at(-1)?.toLowerCase() ?? "";
    const named = isImageName(last)
      ? (this.#imagesByStem.get(stemOf(last)) ?? []).filter((image) => basename(image).toLowerCase() === last)
      : (this.#imagesByStem.get(last) ?? []);
    const found = this.#inSplitOf(expected, named);
    const wanted = parts.slice(0, -1).join(sep);
    return nearest(found, (image) => sharedEnd(dirname(this.short(image)), wanted));
  }

  /** Without images in the folder of another split: frames are called alike in each. */
  #inSplitOf(path: string, images: readonly string[]): readonly string[] {
    const split = splitOfFolders(this.root, path);
    const others = (image: string): boolean => (splitOfFolders(this.root, image) ?? split) !== split;
    return split === undefined ? images : images.filter((image) => !others(image));
  }

  /** The folders of a file below the root, but those that only tell what kind of file it is. */
  #placeOf(path: string): string {
    return withoutRoles(relative(this.root, dirname(path)));
  }
}

function withoutRoles(path: string): string {
  const folders = path.toLowerCase().split(sep);
  return folders.filter((folder) => !roleFolders.has(folder)).join(sep);
}

/** How many folders two paths end with in common. */
function sharedEnd(one: string, other: string): number {
  const wanted = other.split(sep).toReversed();
  const folders = one.split(sep).toReversed();
  const differs = folders.findIndex((folder, index) => folder !== wanted[index]);
  return differs < 0 ? folders.length : differs;
}

/** Those of the highest score. */
function nearest(paths: readonly string[], score: (path: string) => number): readonly string[] {
  const scores = paths.map(score);
  const most = scores.reduce((a, b) => Math.max(a, b), 0);
  return paths.filter((_, index) => scores[index] === most);
}

const isHidden = (name: string): boolean => name.startsWith(".") || name === "__MACOSX" || name === "node_modules";

/** Links are followed, each folder once. A device or a pipe may never end, so only files count. */
function walk(folder: string, seen: Set<string> = new Set()): string[] {
  try {
    const real = realpathSync(folder);
    if (seen.has(real)) return [];
    seen.add(real);
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (isHidden(entry.name)) return [];
      const path = join(folder, entry.name);
      const kind = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
      if (kind?.isDirectory() === true) return walk(path, seen);
      return kind?.isFile() === true ? [path] : [];
    });
  } catch {
    // Not there, or not ours to read: what is needed of it is then missed by its name.
    return [];
  }
}
