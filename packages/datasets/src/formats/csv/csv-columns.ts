import { isImageName } from "../../reading/image-names.ts";
import { splitOfWord } from "../../reading/split-words.ts";
import type { CsvRow } from "./csv-rows.ts";

/** What a column may hold. `x` and `y` are a box's left and top, `width` and `height` its sides. */
export const columnRoles = [
  "file",
  "class",
  "split",
  "xmin",
  "ymin",
  "xmax",
  "ymax",
  "x",
  "y",
  "xcentre",
  "ycentre",
  "width",
  "height",
] as const;
export type ColumnRole = (typeof columnRoles)[number];

/** The three ways to write a box. */
export const boxForms: readonly (readonly [ColumnRole, ColumnRole, ColumnRole, ColumnRole])[] = [
  ["xmin", "ymin", "xmax", "ymax"],
  ["xcentre", "ycentre", "width", "height"],
  ["x", "y", "width", "height"],
];

/** Where a table has what. */
export interface CsvColumns {
  readonly indices: ReadonlyMap<ColumnRole, number>;
  /** The columns of the box, one of {@link boxForms}. */
  readonly form: (typeof boxForms)[number];
  /** How it is known. */
  readonly by: "header" | "setting" | "guess";
}

/** Names of columns without case and signs, by what they hold; earlier names are preferred. */
const headerNames: Readonly<Record<ColumnRole, string>> = {
  file: "filename file imagepath imagefile imagename imgname imgpath path image img imageid imgid externalid name",
  class: "class classname label labelname category categoryname celltype species object type name classid labelid",
  split: "split set subset partition fold",
  xmin: "xmin x1 left bboxxmin bboxx1 bboxleft x0",
  ymin: "ymin y1 top bboxymin bboxy1 bboxtop y0",
  xmax: "xmax x2 right bboxxmax bboxx2 bboxright",
  ymax: "ymax y2 bottom bboxymax bboxy2 bboxbottom",
  x: "x bboxx boxx left xmin x1",
  y: "y bboxy boxy top ymin y1",
  xcentre: "xcenter xcentre centerx centrex cx",
  ycentre: "ycenter ycentre centery centrey cy",
  width: "bboxwidth boxwidth bboxw boxw width w",
  height: "bboxheight boxheight bboxh boxh height h",
};

const complete = (indices: CsvColumns["indices"]): CsvColumns["form"] | undefined =>
  indices.has("file") && indices.has("class")
    ? boxForms.find((form) => form.every((role) => indices.has(role)))
    : undefined;

/** The columns that a header names, as far as it does. */
export function headerColumns({ values }: CsvRow): Map<ColumnRole, number> {
  const names = values.map((value) => value.toLowerCase().replaceAll(/[^a-z0-9]/gu, ""));
  const indices = new Map<ColumnRole, number>();
  for (const role of columnRoles) {
    const taken = role === "class" ? indices.get("file") : undefined;
    const index = headerNames[role]
      .split(" ")
      .map((name) => names.indexOf(name))
      .find((at) => at >= 0 && at !== taken);
    if (index !== undefined) indices.set(role, index);
  }
  return indices;
}

/** Columns by a header; `undefined` where the row is none, or a column is missing. */
export function columnsOfHeader(row: CsvRow): CsvColumns | undefined {
  const indices = headerColumns(row);
  const form = complete(indices);
  return form === undefined ? undefined : { indices, form, by: "header" };
}

/** Columns as somebody lists them, in the table's order; `-` passes one over. `undefined` where one is missing. */
export function columnsOfSetting(names: readonly string[]): CsvColumns | undefined {
  const indices = new Map<ColumnRole, number>();
  names.forEach((name, index) => {
    const role = columnRoles.find((known) => known === name);
    if (role !== undefined) indices.set(role, index);
  });
  const known = names.every((name) => name === "-" || (columnRoles as readonly string[]).includes(name));
  const form = known ? complete(indices) : undefined;
  return form === undefined ? undefined : { indices, form, by: "setting" };
}

/**
 * Columns by what stands in them: one of image names, four of numbers, one of other words. Of the numbers the last two
 * are the far edges where they are larger than the first two in every row, else width and height.
 */
export function columnsOfValues(rows: readonly CsvRow[]): CsvColumns | undefined {
  const width = Math.max(0, ...rows.slice(0, 1000).map(({ values }) => values.length));
  const indices = new Map<ColumnRole, number>();
  const numbers: number[] = [];
  const words: number[] = [];
  for (let index = 0; index < width; index++) {
    const values = rows.map((row) => row.values[index] ?? "").filter((value) => value !== "");
    if (values.length === 0) continue;
    if (values.every(isImageName)) indices.set("file", indices.get("file") ?? index);
    else if (values.every((value) => Number.isFinite(Number(value)))) numbers.push(index);
    else if (values.every((value) => splitOfWord(value) !== undefined)) indices.set("split", index);
    else words.push(index);
  }
  if (words.length === 1) indices.set("class", words[0] as number);
  if (numbers.length !== 4) return undefined;
  const far = rows.every(({ values }) => {
    const [a = 0, b = 0, c = 0, d = 0] = numbers.map((index) => Number(values[index] ?? ""));
    return (c > a && d > b) || numbers.every((index) => (values[index] ?? "") === "");
  });
  const form = boxForms[far ? 0 : 2] as CsvColumns["form"];
  form.forEach((role, position) => indices.set(role, numbers[position] as number));
  return complete(indices) === undefined ? undefined : { indices, form, by: "guess" };
}

/** `1 file, 2 class, 3 xmin …`, for messages. */
export function describeColumns({ indices, form }: CsvColumns): string {
  const used: readonly ColumnRole[] = ["file", "class", ...(indices.has("split") ? ["split" as const] : []), ...form];
  return used
    .map((role) => ({ role, index: indices.get(role) as number }))
    .toSorted((a, b) => a.index - b.index)
    .map(({ role, index }) => `${index + 1} ${role}`)
    .join(", ");
}
