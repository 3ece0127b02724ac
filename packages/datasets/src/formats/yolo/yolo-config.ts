import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { DataError } from "@detrkit/common";
import { parseDocument } from "yaml";
import { type DataSpec, splitNames } from "../../reading/reader.ts";
import { FileTree } from "../../reading/file-tree.ts";
import { bySplitFolders } from "../../reading/split-words.ts";
import { isRecord, readLines } from "../../reading/text-files.ts";

/** What a YOLO data file says. */
export interface YoloConfig {
  /** The data.yaml, darknet's obj.data, or the list of names. */
  readonly file: string;
  readonly classes: readonly string[];
  /** Folders, lists of images, or images, by split. */
  readonly places: Readonly<Record<string, readonly string[]>>;
  /** All files, where the spec names a folder. */
  readonly tree: FileTree | undefined;
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

/** darknet's data file: lines of `key = value`, with paths from the folder above it or from its own. */
function configOfDarknet(file: string, tree: FileTree): YoloConfig {
  const values = new Map(
    readLines(file).map(({ text }) => {
      const [key = "", ...value] = text.split("=");
      return [key.trim(), value.join("=").trim()] as const;
    }),
  );
  const folder = dirname(file);
  const locateHere = (entry: string): string => locate(entry.replace(/^data\//u, ""), folder, folder);
  const names = locateHere(values.get("names") ?? "obj.names");
  if (!existsSync(names) || !statSync(names).isFile())
    throw new DataError(`${file}: names the classes in ${names}, which is no file`);
  const places: Record<string, string[]> = {};
  for (const split of ["train", "val", "test"]) {
    const entry = splitNames(split)
      .map((name) => values.get(name))
      .find((value) => value !== undefined && value !== "");
    if (entry !== undefined) places[split] = [locateHere(entry)];
  }
  return { file, classes: namesOf(names), places, tree };
}

const namesOf = (list: string): string[] => readLines(list).map(({ text }) => text);

/** Files that hold nothing but the names of the classes, one a line. */
export const nameLists = ["classes.txt", "obj.names", "labels.txt"] as const;

/** A folder without a data file: a list of names, and images by the splits that folders tell, or all of them. */
function configOfFolder(tree: FileTree, { text }: DataSpec): YoloConfig {
  const { root } = tree;
  const lists = nameLists.flatMap((name) => tree.files.filter((file) => basename(file) === name));
  const [list] = lists.toSorted((a, b) => a.split(sep).length - b.split(sep).length);
  if (list === undefined) {
    throw new DataError(
      `data "${text}": found neither data.yaml nor classes.txt in ${root}; one of them has to name the classes`,
    );
  }
  const classes = namesOf(list);
  const differs = lists.find((other) => namesOf(other).join("\n") !== classes.join("\n"));
  if (differs !== undefined)
    throw new DataError(
      `data "${text}": ${list} and ${differs} name different classes, so a number may mean either; ` +
        "keep one of them, or write a data.yaml",
    );
  const bySplit = bySplitFolders(root, tree.images);
  const places = bySplit.size > 0 ? Object.fromEntries(bySplit) : { train: tree.images };
  return { file: list, classes, places, tree };
}

/** Whether a YAML file describes data: it has names, and a place of images. */
export function isYoloYaml(file: string): boolean {
  const text = readFileSync(file, "utf8");
  return /^names\s*:/mu.test(text) && /^(?:train|val|valid|test|path|nc)\s*:/mu.test(text);
}

/** Reads the data file of a YOLO spec, or what a folder tells without one. */
export function readYoloConfig(spec: DataSpec): YoloConfig {
  const path = resolve(spec.path);
  if (!existsSync(path)) throw new DataError(`data "${spec.text}": ${path} does not exist`);
  if (!statSync(path).isDirectory()) return configOfYaml(path, undefined);
  const tree = new FileTree(path);
  const here = tree.withExtension(".yaml", ".yml").filter((file) => dirname(file) === tree.root);
  const yaml = here.find((file) => basename(file) === "data.yaml") ?? here.find(isYoloYaml) ?? innerYaml(tree, spec);
  if (yaml !== undefined) return configOfYaml(yaml, tree);
  const darknet = tree.withExtension(".data").find((file) => basename(file) === "obj.data");
  return darknet === undefined ? configOfFolder(tree, spec) : configOfDarknet(darknet, tree);
}

/** The only data file of a folder that holds it deeper down, as an archive in a folder of its own is unpacked. */
function innerYaml(tree: FileTree, { text }: DataSpec): string | undefined {
  const found = tree.withExtension(".yaml", ".yml").filter(isYoloYaml);
  if (found.length < 2) return found[0];
  const shown = found.map((file) => tree.short(file)).join(", ");
  throw new DataError(`data "${text}": several data files, ${shown}; choose one, for example yolo:${found[0] ?? ""}`);
}

function configOfYaml(file: string, tree: FileTree | undefined): YoloConfig {
  const content = readYaml(file);
  const classes = classNames(content, file);
  if (content["kpt_shape"] !== undefined)
    throw new DataError(`${file}: "kpt_shape" says that labels hold keypoints, which are not read; export boxes`);
  return { file, classes, places: placesOf(content, file), tree };
}
