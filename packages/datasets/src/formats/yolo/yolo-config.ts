import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { DataError } from "@detrkit/common";
import { parseDocument } from "yaml";
import { type DataSpec, splitNames } from "../../reading/reader.ts";
import { listFolder } from "../../reading/image-files.ts";
import { isRecord, readLines } from "../../reading/text-files.ts";

/** What a YOLO data file says. */
export interface YoloConfig {
  /** The data.yaml, or the folder where there is none. */
  readonly file: string;
  readonly classes: readonly string[];
  /** Folders or lists of images by split. */
  readonly places: Readonly<Record<string, readonly string[]>>;
}

function readYaml(file: string): Record<string, unknown> {
  const document = parseDocument(readFileSync(file, "utf8"));
  const [error] = document.errors;
  if (error !== undefined)
    throw new DataError(
      `${file}:${error.linePos?.[0].line ?? 1}: not valid YAML (${error.message.split("\n")[0] ?? ""})`,
      { cause: error },
    );
  let content: unknown;
  try {
    content = document.toJS();
  } catch (cause) {
    // An alias of nothing, or aliases of aliases that would be gigabytes.
    throw new DataError(`${file}: not usable YAML (${cause instanceof Error ? cause.message : String(cause)})`, {
      cause,
    });
  }
  if (!isRecord(content)) throw new DataError(`${file}:1: expected keys such as "names", "train" and "val"`);
  return content;
}

function classNames(content: Record<string, unknown>, file: string): readonly string[] {
  const { names } = content;
  if (Array.isArray(names)) return names.map(String);
  if (isRecord(names)) {
    const ids = Object.keys(names)
      .map(Number)
      .toSorted((a, b) => a - b);
    if (ids.every((id, index) => id === index)) return ids.map((id) => String(names[id]));
    throw new DataError(
      `${file}: the keys of "names" expected 0, 1, 2, … without gaps, got ${Object.keys(names).join(", ")}`,
    );
  }
  throw new DataError(`${file}: "names" expected a list of class names, or a map from 0, 1, 2, … to them`);
}

/**
 * The first of the places where a path of a data.yaml may lead: exported files often hold paths of another machine's
 * layout.
 */
function locate(entry: string, root: string, yamlFolder: string): string {
  if (isAbsolute(entry)) return entry;
  const tries = [
    join(root, entry),
    join(yamlFolder, entry),
    join(yamlFolder, entry.replace(/^(\.\.\/)+/u, "")),
    resolve(entry),
  ];
  return tries.find((path) => existsSync(path)) ?? (tries[0] as string);
}

function placesOf(content: Record<string, unknown>, file: string): YoloConfig["places"] {
  const folder = dirname(file);
  const root = typeof content["path"] === "string" ? locate(content["path"], folder, folder) : folder;
  const places: Record<string, string[]> = {};
  for (const split of ["train", "val", "test"]) {
    const value = splitNames(split)
      .map((name) => content[name])
      .find((entry) => entry !== undefined && entry !== null);
    const entries = Array.isArray(value) ? value : value === undefined || value === "" ? [] : [value];
    if (entries.length > 0) places[split] = entries.map((entry) => locate(String(entry), root, folder));
  }
  return places;
}

/** A folder without a data file: `images/train`, `labels/train` (or `train/images`) and a list of names. */
function configOfFolder(folder: string, spec: DataSpec): YoloConfig {
  const list = ["classes.txt", "obj.names", "labels.txt"]
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
  if (list === undefined) {
    throw new DataError(
      `data "${spec.text}": found neither data.yaml nor classes.txt in ${folder}; one of them has to name the classes`,
    );
  }
  const places: Record<string, string[]> = {};
  for (const split of ["train", "val", "test"]) {
    const place = splitNames(split)
      .flatMap((name) => [join(folder, "images", name), join(folder, name, "images")])
      .find((path) => existsSync(path));
    if (place !== undefined) places[split] = [place];
  }
  if (Object.keys(places).length === 0 && existsSync(join(folder, "images")))
    places["train"] = [join(folder, "images")];
  return { file: folder, classes: readLines(list).map(({ text }) => text), places };
}

/** Reads the data file of a YOLO spec. */
export function readYoloConfig(spec: DataSpec): YoloConfig {
  const path = resolve(spec.path);
  if (!existsSync(path)) throw new DataError(`data "${spec.text}": ${path} does not exist`);
  const files = statSync(path).isDirectory()
    ? listFolder(path)
        .filter((name) => /\.ya?ml$/u.test(name))
        .map((name) => join(path, name))
    : [path];
  const file = files.find((name) => name.endsWith("data.yaml")) ?? files[0];
  if (file === undefined) return configOfFolder(path, spec);
  const content = readYaml(file);
  return { file, classes: classNames(content, file), places: placesOf(content, file) };
}
