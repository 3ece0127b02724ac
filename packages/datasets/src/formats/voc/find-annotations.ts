import { closeSync, openSync, readSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { DataError } from "@detrkit/common";
import { FileTree } from "../../reading/file-tree.ts";
import type { DataSpec } from "../../reading/reader.ts";
import { bySplitFolders, inUsualOrder, splitOfName } from "../../reading/split-words.ts";
import { readLines } from "../../reading/text-files.ts";
import { groupBy } from "../../reading/group-by.ts";

/** One annotation file that a split asks for, and where. */
export interface VocEntry {
  /** The name without extension, as it was asked for. */
  readonly name: string;
  readonly annotation: string;
  /** The list that names it, and the line; its own file where there are no lists. */
  readonly listed: { readonly file: string; readonly line?: number };
}

/** What a folder of VOC annotations holds. */
export interface VocFolder {
  readonly tree: FileTree;
  /** All annotation files. */
  readonly annotations: readonly string[];
  /** The list files of `ImageSets/Main` by split; those of `ImageSets/Segmentation` where there are none. */
  readonly lists: ReadonlyMap<string, string>;
  /** Annotation files by the split that their folders tell; empty where they tell none. */
  readonly byFolder: ReadonlyMap<string, readonly string[]>;
}

/** Whether an XML file's beginning is that of an annotation. */
export function isVocAnnotation(file: string): boolean {
  const start = Buffer.alloc(2048);
  const open = openSync(file, "r");
  try {
    return start.toString("utf8", 0, readSync(open, start)).includes("<annotation");
  } finally {
    closeSync(open);
  }
}

/**
 * Looks through a folder: VOC's own layout, XML files beside their images (LabelImg), split folders (Roboflow), and
 * folders of other names and depths.
 *
 * @throws DataError where the folder has no XML file
 */
export function findVoc({ text, path }: DataSpec): VocFolder {
  const root = resolve(path);
  const tree = new FileTree(root);
  const annotations = tree.withExtension(".xml");
  if (annotations.length === 0) {
    const there = statSync(root, { throwIfNoEntry: false })?.isDirectory() === true;
    throw new DataError(
      there
        ? `data "${text}": no XML file in ${root}; Pascal VOC has one for each image, in Annotations or beside it`
        : `data "${text}": ${root} does not exist, or is no folder`,
    );
  }
  const main = listsOf(tree, "main");
  const lists = main.size > 0 ? main : listsOf(tree, "segmentation");
  return { tree, annotations, lists, byFolder: bySplitFolders(root, annotations) };
}

/** The list files of one folder of `ImageSets` by split; `Main` lists all images, `Segmentation` those with masks. */
function listsOf(tree: FileTree, folder: "main" | "segmentation"): Map<string, string> {
  const lists = new Map<string, string>();
  for (const file of tree.withExtension(".txt")) {
    if (!`/${dirname(file).toLowerCase().replaceAll("\\", "/")}`.endsWith(`/imagesets/${folder}`)) continue;
    // CVAT calls the only part of a project "default". Names such as "cat_train" are lists of one class.
    const stem = basename(file, ".txt").toLowerCase();
    const split = stem === "default" ? "train" : /^[a-z]+\d*$/u.test(stem) ? splitOfName(file) : undefined;
    if (split !== undefined && !lists.has(split)) lists.set(split, file);
  }
  return lists;
}

/** Splits that the lists name, or the folders; one of everything where neither does. */
export function vocSplits({ lists, byFolder }: VocFolder): string[] {
  const found = lists.size > 0 ? lists.keys() : byFolder.keys();
  const splits = inUsualOrder(found);
  return splits.length > 0 ? splits : ["train"];
}

/** The annotation files of a split. @throws DataError where there is no such split */
export function vocEntries(folder: VocFolder, { text }: DataSpec, split: string): VocEntry[] {
  const { lists, byFolder, annotations } = folder;
  const list = lists.get(split);
  if (list !== undefined) return listedEntries(folder, list);
  const known = vocSplits(folder);
  if (!known.includes(split)) throw new DataError(`data "${text}": no split "${split}"; there are ${known.join(", ")}`);
  const files = byFolder.get(split) ?? annotations;
  return files.map((annotation) => ({
    name: basename(annotation, extname(annotation)),
    annotation,
    listed: { file: annotation },
  }));
}

function listedEntries({ tree, annotations }: VocFolder, list: string): VocEntry[] {
  const base = dirname(dirname(dirname(list)));
  const known = new Set(annotations);
  const byName = groupBy(annotations, (file) => basename(file, extname(file)));
  return readLines(list).map(({ line, text }) => {
    // VOC's class-wise lists put a flag after the name; names may hold spaces, and folders.
    const name = text.replace(/\s+-?[01]$/u, "").replaceAll("\\", "/");
    const usual = ["Annotations", "annotations"].map((place) => join(base, place, `${name}.xml`));
    const others = byName.get(basename(name)) ?? [];
    const found = usual.find((file) => known.has(file)) ?? (others.length === 1 ? others[0] : undefined);
    return { name, annotation: found ?? join(tree.root, "Annotations", `${name}.xml`), listed: { file: list, line } };
  });
}
