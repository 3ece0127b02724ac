import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DataError } from "@detrkit/common";
import { FileTree } from "../../reading/file-tree.ts";
import type { DataSpec } from "../../reading/reader.ts";
import { inUsualOrder, splitOfFolders, splitOfName } from "../../reading/split-words.ts";
import { groupBy } from "../../reading/group-by.ts";

/** Beginnings of COCO's other files, which hold the same images again without boxes to train on. */
const otherKinds = /^(?:captions|person_keypoints|panoptic|stuff|images?_info)_/u;

const usualName = /^(?:instances_.*|train|val|valid|test)\.json$/u;

/**
 * Whether a JSON file's beginning is that of COCO annotations. Label Studio's `notes.json` and COCO's results have
 * neither of the two lists.
 */
export function isCocoFile(file: string): boolean {
  if (otherKinds.test(basename(file))) return false;
  const start = Buffer.alloc(1 << 16);
  const open = openSync(file, "r");
  try {
    const text = start.toString("utf8", 0, readSync(open, start));
    const isPanoptic = text.includes('"segments_info"');
    return !isPanoptic && /^\s*\{/u.test(text) && /"(?:images|annotations)"\s*:\s*\[/u.test(text);
  } finally {
    closeSync(open);
  }
}

/**
 * The annotation files of a folder by their split: as their names tell (`instances_val2017.json`), or their folders
 * (`valid/_annotations.coco.json`). A file that neither tells is `train`, as CVAT's `instances_default.json`.
 */
export function cocoFiles(folder: string): Map<string, readonly string[]> {
  const tree = new FileTree(folder);
  // A damaged file that is called as COCO's are is better named than passed over.
  const files = tree.withExtension(".json").filter((file) => usualName.test(basename(file)) || isCocoFile(file));
  const told = (file: string): string => splitOfName(file) ?? splitOfFolders(tree.root, file) ?? "train";
  return groupBy(files, told);
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** The likelier of several files of one split: those that are called as COCO calls them. */
function likeliest(files: readonly string[], split: string): readonly string[] {
  for (const name of [`${split}.json`, `instances_${split}.json`]) {
    const exact = files.filter((file) => basename(file) === name);
    if (exact.length > 0) return exact;
  }
  const usual = files.filter((file) => basename(file).startsWith("instances_"));
  return usual.length > 0 ? usual : files;
}

function annotationFile({ path, settings, text }: DataSpec, split: string): string | undefined {
  const named = settings[split];
  if (named !== undefined) return resolve(named);
  if (isFile(path)) return split === "train" || settings["train"] === undefined ? resolve(path) : undefined;
  const files = likeliest(cocoFiles(resolve(path)).get(split) ?? [], split);
  if (files.length > 1)
    throw new DataError(
      `data "${text}": several annotation files of split "${split}", ${files.join(", ")}; ` +
        `choose one: ${text},${split}=${files[0] ?? "FILE"}`,
    );
  return files[0];
}

/** Splits of COCO data: those whose file exists; a file alone serves every split, and is listed as `train`. */
export function cocoSplits({ path, settings }: DataSpec): string[] {
  const named = ["train", "val", "test"].filter((split) => settings[split] !== undefined);
  return inUsualOrder([...(isFile(path) ? ["train"] : cocoFiles(resolve(path)).keys()), ...named]);
}

/** The annotation file of a split. */
export function findCocoAnnotations(spec: DataSpec, split: string): string {
  const file = annotationFile(spec, split);
  if (file !== undefined && isFile(file)) return file;
  if (!existsSync(spec.path)) throw new DataError(`data "${spec.text}": ${spec.path} does not exist`);
  throw new DataError(
    `data "${spec.text}": no annotations of split "${split}"${file === undefined ? "" : ` (${file} is no file)`}; ` +
      `expected for example ${join(spec.path, "annotations", `instances_${split}.json`)}; ` +
      `or name the file: ${spec.text},${split}=FILE`,
  );
}

/** Folders that may hold the images of an annotation file, the likeliest first. */
export function cocoImageFolders(spec: DataSpec, file: string): string[] {
  const images = spec.settings["images"];
  if (images !== undefined) return [resolve(images)];
  const here = dirname(file);
  const above = dirname(here);
  const part = basename(file, ".json").replace(/^(?:instances|panoptic)_/u, "");
  const withoutYear = part.replace(/\d{4}$/u, "");
  return [
    join(here, part),
    join(here, "images", part),
    join(above, "images", part),
    join(above, part),
    join(above, "images", withoutYear),
    join(above, withoutYear),
    join(here, "images"),
    join(above, "images"),
    here,
    above,
  ];
}
