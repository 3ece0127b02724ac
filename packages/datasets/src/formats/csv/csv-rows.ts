import { readFileSync } from "node:fs";
import { DataError } from "@detrkit/common";
import { parse } from "csv-parse/sync";

/** One row of a table and the line that it begins on. */
export interface CsvRow {
  readonly line: number;
  readonly values: readonly string[];
}

/**
 * The rows of a CSV file that hold something. Columns may be parted by commas, semicolons or tabs, whichever the first
 * line has most of.
 *
 * @throws DataError naming file and line where it is no CSV
 */
export function readCsv(file: string): CsvRow[] {
  const text = readFileSync(file, "utf8");
  const first = text.slice(0, text.indexOf("\n") + 1 || text.length);
  const count = (delimiter: string): number => first.split(delimiter).length;
  const delimiter = [",", ";", "\t"].reduce((best, other) => (count(other) > count(best) ? other : best));
  let records: { readonly record: string[]; readonly info: { readonly lines: number } }[];
  try {
    records = parse(text, {
      bom: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as typeof records;
  } catch (cause) {
    const { message, lines } = cause as Error & { readonly lines?: number };
    throw new DataError(`${file}:${lines ?? 1}: not valid CSV (${message})`, { cause });
  }
  return records
    .map(({ record, info }) => ({ line: info.lines, values: record }))
    .filter(({ values }) => values.some((value) => value !== ""));
}
