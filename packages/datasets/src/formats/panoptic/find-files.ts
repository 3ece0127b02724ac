import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DataError } from "@detrkit/common";
import { FileTree } from "../../reading/file-tree.ts";
import { groupBy } from "../../reading/group-by.ts";
import type { DataSpec } from "../../reading/reader.ts";
import { inUsualOrder, splitOfFolders, splitOfName } from "../../reading/split-words.ts";

/** What only panoptic annotations hold. */
const sign = Buffer.from('"segments_info"');
const chunk = 1 << 20;

/**
 * Whether a JSON file holds panoptic annotations: segments of whole images. The list of images comes first and may be
 * long, so a file that is called as COCO's are is looked through to its end, and others for their beginning only.
 */
export function isPanopticFile(file: string): boolean {
  const named = basename(file).startsWith("panoptic_");
  const bytes = Buffer.alloc(sign.length + (named ? chunk : 1 << 16));
  const open = openSync(file, "r");
  try {
    // What a chunk ends with is looked at again: the sign may lie across two.
    for (let kept = 0, place = 0; ;) {
      const read = readSync(open, bytes, kept, bytes.length - kept, place);
      if (bytes.subarray(0, kept + read).includes(sign)) return true;
      if (read === 0 || !named) return false;
      place += read;
      const end = kept + read;
      kept = Math.min(end, sign.length);
      bytes.copyWithin(0, end - kept, end);
    }
  } finally {
    closeSync(open);
  }
}

/** The panoptic annotation files of a folder by their split, as their names or folders tell it, else `train`. */
export function panopticFiles(folder: string): Map<string, readonly string[]> {
  const tree = new FileTree(folder);
  const files = tree.withExtension(".json").filter(isPanopticFile);
  return groupBy(files, (file) => splitOfName(file) ?? splitOfFolders(tree.root, file) ?? "train");
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** Splits of panoptic data: those whose file exists; a file alone is listed as `train`. */
export function panopticSplits({ path, settings }: DataSpec): string[] {
  const named = ["train", "val", "test"].filter((split) => settings[split] !== undefined);
  return inUsualOrder([...(isFile(path) ? ["train"] : panopticFiles(resolve(path)).keys()), ...named]);
}

/** The annotation file of a split. @throws DataError where there is none, or several */
export function findPanopticAnnotations({ path, settings, text }: DataSpec, split: string): string {
  const named = settings[split];
  const alone = isFile(path) && (split === "train" || settings["train"] === undefined);
  const files =
    named !== undefined
      ? [resolve(named)]
      : alone
        ? [resolve(path)]
        : isFile(path)
          ? []
          : (panopticFiles(resolve(path)).get(split) ?? []);
  const [file] = files;
  if (files.length > 1)
    throw new DataError(
      `data "${text}": several annotation files of split "${split}", ${files.join(", ")}; ` +
        `choose one: ${text},${split}=${file ?? "FILE"}`,
    );
  if (file !== undefined && isFile(file)) return file;
  if (!existsSync(path)) throw new DataError(`data "${text}": ${path} does not exist`);
  throw new DataError(
    `data "${text}": no panoptic annotations of split "${split}"` +
      `${file === undefined ? "" : ` (${file} is no file)`}; ` +
      `expected for example ${join(path, "annotations", `panoptic_${split}2017.json`)}; ` +
      `or name the file: ${text},${split}=FILE`,
  );
}

/** Folders that may hold the pictures of an annotation file, the likeliest first: COCO names both alike. */
export function segmentFolders({ settings }: DataSpec, file: string): string[] {
  const named = settings["segments"];
  if (named !== undefined) return [resolve(named)];
  const here = dirname(file);
  const stem = basename(file, ".json");
  const part = stem.replace(/^panoptic_/u, "");
  const names = [stem, stem.replace(/_annotations$/u, ""), `panoptic_${part}`, join("panoptic", part), "panoptic"];
  return [here, dirname(here)].flatMap((place) => names.map((name) => join(place, name)));
}
