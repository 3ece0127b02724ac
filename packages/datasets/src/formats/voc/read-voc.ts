import { existsSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { DetrkitError } from "@detrkit/common";
import { CategoryMap } from "../../reading/category-map.ts";
import { ImageFolder, withSizes } from "../../reading/image-files.ts";
import { type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";
import type { Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { readLines } from "../../reading/text-files.ts";
import { reportLeftOut } from "./left-out.ts";
import { findVoc, type VocEntry, vocEntries, type VocFolder, vocSplits } from "./find-annotations.ts";
import { VocMasks } from "./voc-masks.ts";
import { readVocAnnotation, type ScannedVoc, scanVoc, type VocAnnotation } from "./voc-annotation.ts";

/**
 * Class names: those of a `classes.txt` or `labels.txt`, else all that any annotation uses, sorted: the same for every
 * split.
 */
function classNames({ tree }: VocFolder, scanned: readonly ScannedVoc[]): readonly string[] {
  for (const name of ["classes.txt", "labels.txt"]) {
    const file = join(tree.root, name);
    if (existsSync(file)) return readLines(file).map(({ text }) => text);
  }
  return [...new Set(scanned.flatMap(({ classes }) => classes))].toSorted();
}

function readOrReport(
  { annotation: file, name, listed }: VocEntry,
  { report }: ReadRequest,
): VocAnnotation | undefined {
  if (!existsSync(file)) {
    report({ kind: "missing-annotation", ...listed, detail: `"${name}": ${file} does not exist` });
    return undefined;
  }
  try {
    return readVocAnnotation(file);
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    const at = /:(\d+): /u.exec(error.message.slice(file.length));
    const detail = error.message.slice(file.length + (at?.[0].length ?? 0));
    report({ kind: "unreadable-annotation", file, line: at === null ? undefined : Number(at[1]), detail });
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
    const box = empty ? ([xmin, ymin, xmax, ymax] as const) : ([xmin - 1, ymin - 1, xmax, ymax] as const);
    // The picture of the masks numbers the objects as they stand here.
    return [{ box, label, line, place, segmentId: index + 1 }];
  });
}

/** The image of an annotation: where VOC has it, or beside it, or wherever else it lies. */
function findImage(
  { filename }: VocAnnotation,
  { annotation: file, name }: VocEntry,
  tree: VocFolder["tree"],
  folders: ImageFolder,
): { readonly name: string; readonly path: string | undefined } {
  const above = dirname(dirname(file));
  const places = [join(above, "JPEGImages"), join(above, "images"), dirname(file), join(tree.root, "JPEGImages")];
  const written = filename === undefined ? [] : places.map((place) => join(place, filename));
  const exact = written.find((path) => folders.has(path));
  if (exact !== undefined) return { name: filename ?? name, path: exact };
  // The name that an annotation holds is often that before its files were renamed; its own name counts for more.
  const own = tree.imagesOfLabels(file);
  const [only] = own;
  if (only !== undefined && own.length === 1)
    return { name: basename(only), path: folders.find(dirname(only), `${basename(name)}${extname(only)}`, file) };
  const usual = existsSync(places[0] as string) ? places[0] : places.slice(1, 3).find((place) => existsSync(place));
  const missing = own.length > 1 || filename === undefined ? `${name}.jpg` : filename;
  return { name: missing, path: folders.find(usual as string, missing, file) };
}

async function readVoc(request: ReadRequest): Promise<ReadResult> {
  const { spec, split, report } = request;
  const folder = findVoc(spec);
  const { tree } = folder;
  const entries = vocEntries(folder, spec, split);
  const scanned = folder.annotations.map(scanVoc);
  const categories = new CategoryMap(classNames(folder, scanned), tree.root, request);
  if (split === vocSplits(folder)[0]) reportLeftOut(folder, spec, scanned, report);
  const folders = new ImageFolder(report, tree.root);
  const builder = new RecordBuilder(categories, request);
  const masks = new VocMasks(tree);
  const seen = new Set<string>();
  for (const [position, entry] of entries.entries()) {
    const { annotation: file, listed } = entry;
    if (seen.has(file)) {
      report({ kind: "duplicate-image-id", ...listed, detail: `"${entry.name}" is listed twice` });
      continue;
    }
    seen.add(file);
    const annotation = readOrReport(entry, request);
    if (annotation === undefined) continue;
    const { name, path } = findImage(annotation, entry, tree, folders);
    if (path === undefined) continue;
    const size = annotation.width > 0 && annotation.height > 0 ? annotation : undefined;
    for (const {
      size: { width, height },
    } of await withSizes([{ source: path, name, size }], report)) {
      const segments = masks.of(entry);
      const image = { id: position + 1, name, source: path, width, height, annotationFile: file };
      builder.add(
        { ...image, ...(segments && { segments: { source: segments, coding: "voc" } }) },
        toObjects(annotation, categories, file),
      );
    }
  }
  return builder.result;
}

/** Pascal VOC: one XML file an image. */
export const vocReader: Reader = {
  takesPath: true,
  settings: [],
  open: async (spec) => ({ splits: async () => vocSplits(findVoc(spec)), read: readVoc }),
};
