import { existsSync, readdirSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { DataError } from "@detrkit/common";
import { headerColumns } from "../formats/csv/csv-columns.ts";
import { readCsv } from "../formats/csv/csv-rows.ts";
import { FileTree } from "../reading/file-tree.ts";
import { isImageName } from "../reading/image-names.ts";
import type { DataSpec } from "../reading/reader.ts";
import { splitOfWord } from "../reading/split-words.ts";
import { readLines } from "../reading/text-files.ts";

/** An image that a list puts into a split. */
export interface ListedName {
  readonly split: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

const isTable = (file: string): boolean => [".csv", ".tsv"].includes(extname(file).toLowerCase());

/** Names in a table: of the column that its header calls so, or that holds names of images, else of the first. */
function tableNames(file: string, split: string | undefined): ListedName[] {
  const rows = readCsv(file);
  const [first] = rows;
  if (first === undefined) return [];
  const header = headerColumns(first);
  const hasHeader = header.has("file") && !first.values.some(isImageName);
  const content = hasHeader ? rows.slice(1) : rows;
  const columnWhere = (fits: (value: string) => boolean): number =>
    first.values.findIndex((_, index) => content.every(({ values }) => fits(values[index] ?? "")));
  const nameColumn = hasHeader ? (header.get("file") as number) : Math.max(0, columnWhere(isImageName));
  const splitColumn = header.get("split") ?? columnWhere((value) => splitOfWord(value) !== undefined);
  return content.map(({ values, line }) => {
    const word = values[splitColumn] ?? "";
    const own = split ?? splitOfWord(word) ?? word.toLowerCase();
    if (own === "")
      throw new DataError(`${file}:${line}: no split; expected a column of train, val and test beside the file names`);
    return { split: own, name: values[nameColumn] ?? "", file, line };
  });
}

function listNames(file: string, split: string | undefined): ListedName[] {
  if (isTable(file)) return tableNames(file, split);
  if (split === undefined)
    throw new DataError(`${file}: splits=FILE expected a CSV file with a column of names and one of splits`);
  // A flag after the name is that of VOC's lists.
  return readLines(file).map(({ line, text }) => ({ split, name: text.replace(/\s+-?[01]$/u, ""), file, line }));
}

/** Settings that name lists of images: a file for each split, or one table for all of them. */
export const listSettings = ["train", "val", "test", "splits"] as const;

/** The settings of a spec that name lists. COCO's annotation files are named in the same way, and end in `.json`. */
export function givenLists({ settings }: DataSpec): readonly (typeof listSettings)[number][] {
  return listSettings.filter((key) => settings[key] !== undefined && !/\.json$/iu.test(settings[key]));
}

/** Lists that are named in the spec. @throws DataError where one does not exist */
export function readGivenLists(spec: DataSpec): ListedName[] {
  return givenLists(spec).flatMap((key) => {
    const file = resolve(spec.settings[key] as string);
    if (!existsSync(file) || !statSync(file).isFile())
      throw new DataError(`data "${spec.text}": ${key}=${file} is no file`);
    return listNames(file, key === "splits" ? undefined : key);
  });
}

/**
 * Lists that lie in the data's own folder: `splits.csv`, or `train.txt` and `val.txt`, or the same as CSV. None where
 * there are no two splits, or the files name no image of the folder.
 */
export function readOwnLists({ path }: DataSpec): ListedName[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  const root = resolve(path);
  const names = readdirSync(root)
    .filter((name) => /^(?:splits|train|val|valid|validation|test)\.(?:txt|csv|tsv)$/iu.test(name))
    .toSorted();
  if (names.length === 0) return [];
  const tree = new FileTree(root);
  const lists = names.flatMap((name) => {
    const split = splitOfWord(name.slice(0, name.lastIndexOf(".")));
    if (split === undefined && !isTable(name)) return [];
    const listed = listNames(join(root, name), split);
    const [first] = listed;
    return first !== undefined && tree.imagesNamed(first.name).length > 0 ? [listed] : [];
  });
  const all = lists.flat();
  return new Set(all.map(({ split }) => split)).size > 1 ? all : [];
}
