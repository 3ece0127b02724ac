import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { DataError, DetrkitError } from "@detrkit/common";
import { CategoryMap } from "../../reading/category-map.ts";
import { type DataSpec, type Reader, type ReadRequest, type ReadResult, splitNames } from "../../reading/reader.ts";
import { ImageFolder, listFolder, withSizes } from "../../reading/image-files.ts";
import { type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";
import { readLines, type TextLine } from "../../reading/text-files.ts";
import { readVocAnnotation, scanVocClasses, type VocAnnotation } from "./voc-annotation.ts";

interface SplitList {
  readonly file: string;
  readonly entries: readonly TextLine[];
}

const listFolderOf = (root: string): string => join(root, "ImageSets", "Main");

function splitList(root: string, split: string): SplitList | undefined {
  for (const name of splitNames(split)) {
    const file = join(listFolderOf(root), `${name}.txt`);
    if (existsSync(file)) return { file, entries: readLines(file) };
  }
  return undefined;
}

/** The images of a split; without any list, all annotated images are the training split. */
function entriesOf(spec: DataSpec, split: string): SplitList {
  const root = resolve(spec.path);
  const annotations = join(root, "Annotations");
  if (!existsSync(annotations)) {
    throw new DataError(
      `data "${spec.text}": ${annotations} does not exist; ` +
        "a Pascal VOC folder holds Annotations, JPEGImages and ImageSets/Main",
    );
  }
  const list = splitList(root, split);
  if (list !== undefined) return list;
  const lists = listFolder(listFolderOf(root)).filter((name) => name.endsWith(".txt"));
  if (lists.length > 0 || split !== "train") {
    throw new DataError(
      `data "${spec.text}": no split "${split}": ${join(listFolderOf(root), `${split}.txt`)} does not exist` +
        (lists.length > 0 ? `; there are ${lists.join(", ")}` : ""),
    );
  }
  const names = listFolder(annotations)
    .filter((name) => name.endsWith(".xml"))
    .toSorted();
  return {
    file: annotations,
    entries: names.map((name, index) => ({ line: index + 1, text: basename(name, ".xml") })),
  };
}

/**
 * Class names: those of a `classes.txt` or `labels.txt`, else all that any annotation uses, sorted: the same for every
 * split.
 */
function classNames(root: string): readonly string[] {
  for (const name of ["classes.txt", "labels.txt"]) {
    const file = join(root, name);
    if (existsSync(file)) return readLines(file).map(({ text }) => text);
  }
  const folder = join(root, "Annotations");
  const files = listFolder(folder).filter((name) => name.endsWith(".xml"));
  return [...new Set(files.flatMap((name) => scanVocClasses(join(folder, name))))].toSorted();
}

function readOrReport(
  file: string,
  list: SplitList,
  { line, text }: TextLine,
  request: ReadRequest,
): VocAnnotation | undefined {
  if (!existsSync(file)) {
    request.report({ kind: "missing-annotation", file: list.file, line, detail: `"${text}": ${file} does not exist` });
    return undefined;
  }
  try {
    return readVocAnnotation(file);
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    const at = /:(\d+): /u.exec(error.message.slice(file.length));
    const detail = error.message.slice(file.length + (at?.[0].length ?? 0));
    request.report({ kind: "unreadable-annotation", file, line: at === null ? undefined : Number(at[1]), detail });
    return undefined;
  }
}

/**
 * Pixels counted from 1, both ends included, become edges. A box whose ends coincide stays without area, and is then
 * reported.
 */
function toObjects(annotation: VocAnnotation, categories: CategoryMap, file: string): FoundObject[] {
  return annotation.objects.flatMap(({ name, xmin, ymin, xmax, ymax, line }, index): FoundObject[] => {
    const place = `object ${index + 1}`;
    const detail = `${place}: class "${name}" is none of ${categories.classes.join(", ")}`;
    const label = categories.labelOf(name, { file, line, detail });
    if (label === undefined) return [];
    const empty = xmax <= xmin || ymax <= ymin;
    return [{ box: empty ? [xmin, ymin, xmax, ymax] : [xmin - 1, ymin - 1, xmax, ymax], label, line, place }];
  });
}

async function readVoc(request: ReadRequest): Promise<ReadResult> {
  const { spec, split, report } = request;
  const root = resolve(spec.path);
  const list = entriesOf(spec, split);
  const categories = new CategoryMap(classNames(root), root, request);
  const folders = new ImageFolder(report);
  const builder = new RecordBuilder(categories, request);
  const seen = new Set<string>();
  for (const [position, entry] of list.entries.entries()) {
    // VOC's class-wise lists put a flag after the name.
    const stem = entry.text.split(/\s+/u)[0] as string;
    if (seen.has(stem)) {
      report({ kind: "duplicate-image-id", file: list.file, line: entry.line, detail: `"${stem}" is listed twice` });
      continue;
    }
    seen.add(stem);
    const file = join(root, "Annotations", `${stem}.xml`);
    const annotation = readOrReport(file, list, { ...entry, text: stem }, request);
    if (annotation === undefined) continue;
    const name =
      annotation.filename !== undefined && folders.has(join(root, "JPEGImages", annotation.filename))
        ? annotation.filename
        : `${stem}.jpg`;
    const path = folders.find(join(root, "JPEGImages"), name, file);
    if (path === undefined) continue;
    const size = annotation.width > 0 && annotation.height > 0 ? annotation : undefined;
    for (const {
      size: { width, height },
    } of await withSizes([{ source: path, name, size }], report)) {
      const image = { id: position + 1, name, source: path, width, height, annotationFile: file };
      builder.add(image, toObjects(annotation, categories, file));
    }
  }
  return builder.result;
}

async function vocSplits(spec: DataSpec): Promise<string[]> {
  const root = resolve(spec.path);
  const found = ["train", "val", "test", "trainval"].filter((split) => splitList(root, split) !== undefined);
  return found.length > 0 ? found : ["train"];
}

/** Pascal VOC: one XML file an image. */
export const vocReader: Reader = { takesPath: true, settings: [], splits: vocSplits, read: readVoc };
