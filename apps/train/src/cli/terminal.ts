import { wrapText } from "@detrkit/common";

/** A place to write to: a terminal, a file, a test. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Takes away what stands in a terminal's last line, so that something else can be written there. */
export const clearLine = "\r\u001B[K";

/**
 * Text for people, as wide as the terminal: longer lines go on, indented, in the next. A file gets its lines whole, for
 * programs that search it.
 */
export function fitted(text: string, { isTTY, columns }: ProgressStream, indent = "  "): string {
  if (isTTY !== true || columns === undefined) return text;
  const wrapped = (line: string): string => {
    const margin = line.length - line.trimStart().length;
    return line.slice(0, margin) + wrapText(line.slice(margin), columns - 1 - margin, indent);
  };
  return text.split("\n").map(wrapped).join("\n");
}
