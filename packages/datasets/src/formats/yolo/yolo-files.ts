import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, join, sep } from "node:path";
import { DataError } from "@detrkit/common";
import { FileTree } from "../../reading/file-tree.ts";
import type { ImageFolder } from "../../reading/image-files.ts";
import { isImageName, stemOf } from "../../reading/image-names.ts";
import type { ReadRequest } from "../../reading/reader.ts";
import { readLines } from "../../reading/text-files.ts";
import { groupBy } from "../../reading/group-by.ts";

/** The label file of an image: `labels` instead of the last `images` folder, `.txt` instead of its extension. */
function usualLabelFile(image: string): string {
  const folders = dirname(image).split(sep);
  const at = folders.lastIndexOf("images");
  if (at >= 0) folders[at] = "labels";
  return join(folders.join(sep) || sep, labelName(image));
}

const labelName = (image: string): string => `${basename(image, extname(image))}.txt`;

/** Finds the label files of images: in Ultralytics' place, beside the image, or in a folder of another name. */
export class LabelFiles {
  readonly #tree: FileTree | undefined;
  readonly #byStem: ReadonlyMap<string, readonly string[]>;

  /** @param tree - all files of the data set, where they lie in one folder */
  constructor(tree: FileTree | undefined) {
    this.#tree = tree;
    this.#byStem = groupBy(tree?.withExtension(".txt") ?? [], stemOf);
  }

  /** `undefined` where the image has none: it is background, YOLO data is exported so. */
  of(image: string): string | undefined {
    const usual = [usualLabelFile(image), join(dirname(image), labelName(image))];
    const found = usual.find((file) => existsSync(file));
    if (found !== undefined) return found;
    const named = this.#byStem.get(stemOf(image)) ?? [];
    const others = this.#tree?.holds(image) === false ? this.#tree.nearestTo(image, named) : this.#beside(image, named);
    return others.length === 1 ? others[0] : undefined;
  }

  #beside(image: string, labels: readonly string[]): readonly string[] {
    return labels.filter((file) => this.#tree?.imagesOfLabels(file).includes(image) === true);
  }
}

/** Images that a split's folder or list holds. A folder's own folders belong to it. */
export function imagesAt(place: string, request: ReadRequest, folders: ImageFolder): string[] {
  const where = `data "${request.spec.text}": split "${request.split}" is at ${place}`;
  if (!existsSync(place)) throw new DataError(`${where}, which does not exist`);
  const kind = statSync(place);
  if (kind.isDirectory()) return [...new FileTree(place).images];
  // A device or a pipe may never end.
  if (!kind.isFile()) throw new DataError(`${where}, which is neither a folder nor a file`);
  if (isImageName(place)) return [place];
  return readLines(place).flatMap(({ line, text }) => {
    // darknet starts in the folder above: its lists begin with "data/" wherever the folder is now.
    const inside = text.replaceAll("\\", "/").replace(/^data\//u, "");
    const name = folders.has(join(dirname(place), text)) ? text : inside;
    const found = folders.find(dirname(place), name, place, line);
    return found === undefined ? [] : [found];
  });
}
