import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import { DataError, DetrkitError } from "@detrkit/common";
import { cocoFiles, isCocoFile } from "../formats/coco/find-files.ts";
import { isPanopticFile, panopticFiles } from "../formats/panoptic/find-files.ts";
import { describeTable, findTable } from "../formats/csv/csv-table.ts";
import { isVocAnnotation } from "../formats/voc/find-annotations.ts";
import { isLabelFile } from "../formats/yolo/left-out.ts";
import { isYoloYaml, nameLists } from "../formats/yolo/yolo-config.ts";
import { FileTree } from "../reading/file-tree.ts";
import { stemOf } from "../reading/image-names.ts";
import { describeFolder, lookedFor } from "./describe-folder.ts";

/** What a folder or a file was taken for. */
export interface FoundFormat {
  readonly format: "voc" | "coco" | "coco-panoptic" | "yolo" | "csv";
  readonly title: string;
  /** What tells. */
  readonly because: string;
}

/** Enough of many files of a kind to know the kind. */
const sample = 20;

const counted = (count: number, what: string): string =>
  `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

function findVoc(tree: FileTree): FoundFormat | undefined {
  const files = tree.withExtension(".xml");
  if (!files.slice(0, sample).some(isVocAnnotation)) return undefined;
  const folders = [...new Set(files.map((file) => tree.short(dirname(file)).replace(/^\.$/u, "the folder itself")))];
  const where = folders.length > 3 ? `${folders.length} folders` : folders.join(", ");
  return { format: "voc", title: "Pascal VOC", because: `${counted(files.length, "XML annotation")} in ${where}` };
}

function findCoco(tree: FileTree): FoundFormat | undefined {
  const files = [...cocoFiles(tree.root).values()].flat();
  if (!files.some(isCocoFile)) return undefined;
  const shown = files.map((file) => tree.short(file)).join(", ");
  return { format: "coco", title: "COCO", because: `lists of images and annotations in ${shown}` };
}

/** Where a folder has both, boxes and masks of COCO are what was always read; `coco-panoptic:` says otherwise. */
function findPanoptic(tree: FileTree): FoundFormat | undefined {
  const files = [...panopticFiles(tree.root).values()].flat();
  if (files.length === 0 || findCoco(tree) !== undefined) return undefined;
  const shown = files.map((file) => tree.short(file)).join(", ");
  return { format: "coco-panoptic", title: "COCO panoptic", because: `segments of whole images in ${shown}` };
}

/** Text files that are called as an image and begin with a class and numbers; empty ones are background. */
function labelFiles(tree: FileTree): string[] {
  const stems = new Set(tree.images.map(stemOf));
  const isList = (file: string): boolean => (nameLists as readonly string[]).includes(basename(file));
  const files = tree.withExtension(".txt").filter((file) => stems.has(stemOf(file)) && !isList(file));
  return files.slice(0, sample).some(isLabelFile) ? files : [];
}

function findYolo(tree: FileTree): FoundFormat | undefined {
  const yaml = tree.withExtension(".yaml", ".yml").find(isYoloYaml);
  const darknet = tree.withExtension(".data").find((file) => basename(file) === "obj.data");
  const labels = labelFiles(tree);
  const names = nameLists
    .flatMap((name) => tree.files.filter((file) => basename(file) === name))
    .find(() => labels.length > 0);
  const found = yaml ?? darknet ?? names;
  if (found === undefined) return undefined;
  // Labels of images that lie elsewhere are not known before their list is read.
  const counts = labels.length === 0 ? "" : `, ${counted(labels.length, "label file")}`;
  const because = `classes in ${tree.short(found)}${counts}`;
  return { format: "yolo", title: "YOLO", because };
}

/** A file that is no table of boxes, or no CSV, is none of ours. */
function tableOf(file: string): ReturnType<typeof findTable> {
  try {
    return findTable(file);
  } catch (error) {
    if (DetrkitError.isInstance(error)) return undefined;
    throw error;
  }
}

function findCsv(files: readonly string[], short: (file: string) => string): FoundFormat | undefined {
  const tables = files.flatMap((file) => tableOf(file) ?? []).filter(({ rows }) => rows.length > 0);
  const [first] = tables;
  if (first === undefined) return undefined;
  const names = tables.map(({ file }) => short(file)).join(", ");
  return { format: "csv", title: "CSV", because: `a box in each row of ${names}; ${describeTable(first)}` };
}

function formatOfFile(file: string): FoundFormat | undefined {
  const extension = extname(file).toLowerCase();
  const because = `of the file ${basename(file)}`;
  if (extension === ".json" && isPanopticFile(file))
    return { format: "coco-panoptic", title: "COCO panoptic", because };
  if (extension === ".json" && isCocoFile(file)) return { format: "coco", title: "COCO", because };
  if (extension === ".yaml" || extension === ".yml") return { format: "yolo", title: "YOLO", because };
  return extension === ".csv" || extension === ".tsv" ? findCsv([file], basename) : undefined;
}

/**
 * Finds out what kind of data lies at a path.
 *
 * @throws DataError where it is of no kind, or of several, with what was looked for and what is there
 */
export function findFormat(path: string): FoundFormat {
  const root = resolve(path);
  if (!existsSync(root)) throw new DataError(`data "${path}": ${root} does not exist`);
  if (!statSync(root).isDirectory()) {
    const found = formatOfFile(root);
    if (found !== undefined) return found;
    throw new DataError(`data "${path}": the file is none that is known. Looked for:\n${lookedFor}`);
  }
  const tree = new FileTree(root);
  const tables = findCsv(tree.withExtension(".csv", ".tsv"), (file) => tree.short(file));
  const found = [findVoc(tree), findCoco(tree), findPanoptic(tree), findYolo(tree), tables].flatMap(
    (format) => format ?? [],
  );
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first === undefined) {
    const labels = labelFiles(tree).length;
    const hint =
      labels === 0
        ? ""
        : `\nThere are ${counted(labels, "label file")} of YOLO's form, but nothing names their classes: ` +
          "write a classes.txt beside them, with a name on each line in the order of the numbers.";
    throw new DataError(
      `data "${path}": no data that is known. Looked for:\n${lookedFor}\nFound: ${describeFolder(tree)}.${hint}`,
    );
  }
  const kinds = found.map(({ title, because }) => `\n  ${title}: ${because}`).join("");
  const ways = found.map(({ format }) => `${format}:${path}`).join(" or ");
  throw new DataError(`data "${path}" could be several things:${kinds}\nSay which: ${ways}`);
}
