import { readFileSync } from "node:fs";
import { DataError } from "@detrkit/common";
import { lineAt } from "./text-lines.ts";

/** Whether a text could be the beginning of JSON: it parses, or what is wrong is only that it ends. */
function couldGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    const position = /position (\d+)/u.exec(reason)?.[1];
    return /end of JSON input|Unterminated/u.test(reason) || Number(position) >= text.length;
  }
}

/** Where a text stops being JSON. The parser's message often leaves that out, so it is searched for by halving. */
function errorPosition(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (couldGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

/** Parses a JSON file; an error names the file and the line. */
export function readJson(file: string): unknown {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`${file}:${lineAt(text, errorPosition(text))}: not valid JSON (${reason})`, { cause: error });
  }
}

/** Whether a value is an object with named fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
