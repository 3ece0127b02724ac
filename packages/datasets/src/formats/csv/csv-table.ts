import { DataError } from "@detrkit/common";
import { isImageName } from "../../reading/image-names.ts";
import type { DataSpec } from "../../reading/reader.ts";
import {
  columnRoles,
  columnsOfHeader,
  columnsOfSetting,
  columnsOfValues,
  type CsvColumns,
  describeColumns,
} from "./csv-columns.ts";
import { type CsvRow, readCsv } from "./csv-rows.ts";

/** A table of boxes. */
export interface CsvTable {
  readonly file: string;
  readonly rows: readonly CsvRow[];
  readonly columns: CsvColumns;
  /** Whether boxes are fractions of the image's sides. */
  readonly normalised: boolean;
}

/** Reads a table whose columns can be told; `undefined` where they cannot, so that it is no table of boxes. */
export function findTable(file: string, setting?: string): CsvTable | undefined {
  const all = readCsv(file);
  const [first] = all;
  if (first === undefined) return undefined;
  const header = columnsOfHeader(first);
  // Words alone are a header of other names; beside an image's name they are a row without a box.
  const areWords = first.values.every((value) => !Number.isFinite(Number(value || "x")) && !isImageName(value));
  const isHeader = header !== undefined || areWords;
  const rows = isHeader ? all.slice(1) : all;
  const columns = setting === undefined ? (header ?? columnsOfValues(rows)) : columnsOfSetting(setting.split(","));
  if (columns === undefined) return undefined;
  const edges = rows.flatMap(({ values }) =>
    columns.form.map((role) => values[columns.indices.get(role) as number] ?? "").filter((value) => value !== ""),
  );
  // Whole numbers from 0 to 1 alone are pixels of tiny boxes rather than fractions.
  const normalised =
    edges.length > 0 &&
    edges.every((edge) => Number(edge) >= 0 && Number(edge) <= 1) &&
    edges.some((edge) => !Number.isInteger(Number(edge)));
  return { file, rows, columns, normalised };
}

/** {@link findTable} of a file that has to be one. @throws DataError that says how to name the columns */
export function readTable(file: string, { text, settings }: DataSpec): CsvTable {
  const table = findTable(file, settings["columns"]);
  if (table !== undefined) return table;
  const header = readCsv(file)[0]?.values.join(", ") ?? "nothing";
  throw new DataError(
    `${file}:1: cannot tell which columns hold the image's file, the class and the four edges of a box; ` +
      `the first line holds ${header}. Name them in their order, "-" for others, of ${columnRoles.join(", ")}: ` +
      `csv:${file},columns=file,class,xmin,ymin,xmax,ymax` +
      (settings["columns"] === undefined ? "" : ` (data "${text}")`),
  );
}

/** How a table is read, in a few words. */
export function describeTable({ columns, normalised }: CsvTable): string {
  const how = { header: "by the header", setting: "as given", guess: "guessed from the values" }[columns.by];
  return `columns ${describeColumns(columns)} (${how}), in ${normalised ? "fractions of the image" : "pixels"}`;
}
