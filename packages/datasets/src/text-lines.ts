import { readFileSync } from "node:fs";

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
