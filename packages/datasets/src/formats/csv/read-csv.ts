import { existsSync, statSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import { DataError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";
import { CategoryMap } from "../../reading/category-map.ts";
import { FileTree } from "../../reading/file-tree.ts";
import { ImageFolder, withSizes } from "../../reading/image-files.ts";
import { stemOf } from "../../reading/image-names.ts";
import { type FoundObject, RecordBuilder } from "../../reading/record-builder.ts";
import type { DataSpec, Reader, ReadRequest, ReadResult } from "../../reading/reader.ts";
import { inUsualOrder, splitOfFolders, splitOfName, splitOfWord } from "../../reading/split-words.ts";
import type { ColumnRole } from "./csv-columns.ts";
import { type CsvTable, findTable, readTable } from "./csv-table.ts";
import { groupBy } from "../../reading/group-by.ts";

/** A row of a table. */
type Row = CsvTable["rows"][number];

/** The tables of a spec, and the folder in which their images are looked for. */
interface CsvData {
  readonly root: string;
  readonly tables: readonly CsvTable[];
}

/** The tables of boxes in a folder. */
export function csvTables(tree: FileTree, columns?: string): CsvTable[] {
  return tree.withExtension(".csv", ".tsv").flatMap((file) => findTable(file, columns) ?? []);
}

function openCsv(spec: DataSpec): CsvData {
  const path = resolve(spec.path);
  if (!existsSync(path)) throw new DataError(`data "${spec.text}": ${path} does not exist`);
  const images = spec.settings["images"];
  if (!statSync(path).isDirectory()) return { root: resolve(images ?? dirname(path)), tables: [readTable(path, spec)] };
  const tree = new FileTree(path);
  const tables = csvTables(tree, spec.settings["columns"]);
  if (tables.length > 0) return { root: resolve(images ?? path), tables };
  const [first] = tree.withExtension(".csv", ".tsv");
  if (first !== undefined) readTable(first, spec);
  throw new DataError(`data "${spec.text}": no CSV file in ${path}`);
}

const value = ({ columns }: CsvTable, { values }: Row, role: ColumnRole): string =>
  values[columns.indices.get(role) ?? -1] ?? "";

/** The split of a row: by its own column, or by its file's name and folders; `train` where nothing tells. */
function splitOfRow(table: CsvTable, row: Row, root: string): string {
  if (table.columns.indices.has("split")) {
    const word = value(table, row, "split");
    return splitOfWord(word) ?? word.toLowerCase();
  }
  return splitOfName(table.file) ?? splitOfFolders(root, table.file) ?? "train";
}

/** Left, top, right, bottom in pixels. */
function boxOf(table: CsvTable, row: Row, { width, height }: ImageSize): FoundObject["box"] {
  const [a = NaN, b = NaN, c = NaN, d = NaN] = table.columns.form.map((role) => {
    const text = value(table, row, role);
    return text === "" ? NaN : Number(text);
  });
  const across = table.normalised ? width : 1;
  const down = table.normalised ? height : 1;
  const [first] = table.columns.form;
  if (first === "xmin") return [a * across, b * down, c * across, d * down];
  if (first === "x") return [a * across, b * down, (a + c) * across, (b + d) * down];
  return [(a - c / 2) * across, (b - d / 2) * down, (a + c / 2) * across, (b + d / 2) * down];
}

/** Whether a row says that its image has no object: no class and no edge, as RetinaNet's lists do. */
const isBackground = (table: CsvTable, row: Row): boolean =>
  [...table.columns.form, "class" as const].every((role) => value(table, row, role) === "");

function toObjects(
  rows: readonly (readonly [CsvTable, Row])[],
  size: ImageSize,
  categories: CategoryMap,
): FoundObject[] {
  return rows.flatMap(([table, row]): FoundObject[] => {
    if (isBackground(table, row)) return [];
    const { line } = row;
    const name = value(table, row, "class");
    const detail = `class "${name}" is none of ${categories.classes.join(", ")}`;
    const label = categories.labelOf(name, { file: table.file, line, detail });
    return label === undefined ? [] : [{ box: boxOf(table, row, size), label, line, place: `row of line ${line}` }];
  });
}

function splitsOf({ tables, root }: CsvData): string[] {
  return inUsualOrder(tables.flatMap((table) => table.rows.map((row) => splitOfRow(table, row, root))));
}

/** Whether the images' folder is known; of a file alone it is not known how far up its data set reaches. */
const isFolder = ({ root }: CsvData, { path, settings }: DataSpec): boolean =>
  settings["images"] !== undefined || resolve(path) === root;

function reportUnlisted(
  root: string,
  rows: readonly (readonly [CsvTable, Row])[],
  report: ReadRequest["report"],
): void {
  const names = rows.map(([table, row]) => value(table, row, "file").replaceAll("\\", "/").toLowerCase());
  const listed = new Set(names.flatMap((name) => [stemOf(name), basename(name)]));
  for (const file of new FileTree(root).images)
    if (!listed.has(stemOf(file))) report({ kind: "unlisted-image", file, detail: "in no row of the table" });
}

async function readCsvData(data: CsvData, request: ReadRequest): Promise<ReadResult> {
  const { spec, split, report } = request;
  const { root, tables } = data;
  const known = splitsOf(data);
  if (!known.includes(split))
    throw new DataError(`data "${spec.text}": no split "${split}"; there are ${known.join(", ") || "no rows at all"}`);
  const classes = tables.flatMap((table) => table.rows.map((row) => value(table, row, "class")));
  const names = [...new Set(classes)].filter((name) => name !== "").toSorted();
  const categories = new CategoryMap(names, tables[0]?.file ?? root, request);
  const rows = tables.flatMap((table) => table.rows.map((row) => [table, row] as const));
  const wanted = rows.filter(([table, row]) => splitOfRow(table, row, root) === split);
  const folders = new ImageFolder(report, root);
  const byName = groupBy(wanted, ([table, row]) => value(table, row, "file"));
  const located = [...byName].flatMap(([name, found]) => {
    const [[table, { line }]] = found as [readonly [CsvTable, Row]];
    const path = folders.find(dirname(table.file), name, table.file, line);
    return path === undefined ? [] : [{ path, found, annotationFile: table.file }];
  });
  const images = [...groupBy(located, ({ path }) => path)].map(([path, places], index) => ({
    id: index + 1,
    name: relative(root, path),
    source: path,
    found: places.flatMap(({ found }) => found),
    annotationFile: (places[0] as (typeof places)[number]).annotationFile,
  }));
  if (split === known[0] && isFolder(data, spec)) reportUnlisted(root, rows, report);
  const builder = new RecordBuilder(categories, request);
  for (const { size, found, ...image } of await withSizes(images, report))
    builder.add({ ...image, ...size }, toObjects(found, size, categories));
  return builder.result;
}

/** Tables with a row for each box: an image's file, a class and four edges. */
export const csvReader: Reader = {
  takesPath: true,
  settings: ["columns", "images"],
  open: async (spec) => {
    // Read once: a table of a million rows takes seconds.
    const data = openCsv(spec);
    return { splits: async () => splitsOf(data), read: (request) => readCsvData(data, request) };
  },
};
