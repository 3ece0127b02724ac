import { readFileSync } from "node:fs";
import { DataError } from "@detrkit/common";
import { lineAt } from "./text-lines.ts";

/** Parses a JSON file; an error names the file and the line. */
export function readJson(file: string): unknown {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/u.exec(reason)?.[1];
    const line = position === undefined ? lineAt(text, text.length) : lineAt(text, Number(position));
    throw new DataError(`${file}:${line}: not valid JSON (${reason})`, { cause: error });
  }
}

/** Whether a value is an object with named fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
