import { readFileSync } from "node:fs";
import { DataError } from "@detrkit/common";

/** Whether a text could be the beginning of JSON: it parses, or its only error is that it ends. */
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

/** Where a text stops being JSON. The parser often does not say, so the place is found by bisection. */
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

/** One line of a text file, counted from 1. */
export interface TextLine {
  readonly line: number;
  readonly text: string;
}

/** The lines of a file that hold something, trimmed. */
export function readLines(file: string): TextLine[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((text, index) => ({ line: index + 1, text: text.trim() }))
    .filter(({ text }) => text !== "");
}

/** Line of a position in a text, from 1. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < position; at = text.indexOf("\n", at + 1)) line++;
  return line;
}
