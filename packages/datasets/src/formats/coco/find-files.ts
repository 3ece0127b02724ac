import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DataError } from "@detrkit/common";
import { type DataSpec, splitNames } from "../../reading/reader.ts";
import { listFolder } from "../../reading/image-files.ts";

const usualSplits = ["train", "val", "test"] as const;

/** Where folders of COCO data keep the annotations of a split. */
function candidates(folder: string, split: string): string[] {
  const found: string[] = [];
  for (const name of splitNames(split)) {
    for (const place of [join(folder, "annotations"), folder]) {
      const files = listFolder(place)
        .filter((file) => file.endsWith(".json"))
        .toSorted();
      found.push(
        ...files
          .filter((file) => file === `${name}.json` || file === `instances_${name}.json`)
          .map((file) => join(place, file)),
        ...files.filter((file) => file.startsWith(`instances_${name}`)).map((file) => join(place, file)),
      );
    }
    for (const file of ["_annotations.coco.json", "annotations.json", "labels.json"]) {
      if (existsSync(join(folder, name, file))) found.push(join(folder, name, file));
    }
  }
  return found;
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

function annotationFile({ path, settings }: DataSpec, split: string): string | undefined {
  const named = settings[split];
  if (named !== undefined) return resolve(named);
  if (isFile(path)) return split === "train" || settings["train"] === undefined ? resolve(path) : undefined;
  return candidates(resolve(path), split)[0];
}

/** Splits of COCO data: those whose file exists; a file alone serves every split, and is listed as `train`. */
export function cocoSplits(spec: DataSpec): string[] {
  if (isFile(spec.path)) return usualSplits.filter((split) => split === "train" || spec.settings[split] !== undefined);
  return usualSplits.filter((split) => annotationFile(spec, split) !== undefined);
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
  const part = basename(file, ".json").replace(/^instances_/u, "");
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
