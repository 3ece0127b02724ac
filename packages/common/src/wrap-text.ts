/**
 * Breaks a line between words, so that none is wider than `width` where words allow it; a path is never broken. Lines
 * after the first begin with `indent`.
 *
 * @param width - characters in a line
 */
export function wrapText(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width || line.trim() === "") {
      line = longer;
      continue;
    }
    lines.push(line);
    line = indent + word;
  }
  return [...lines, line].join("\n");
}
