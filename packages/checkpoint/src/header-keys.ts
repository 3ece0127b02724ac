/** The depth of a header: tensors by name, their fields, a list of sizes. */
const maximumDepth = 3;

/**
 * Finds what `JSON.parse` accepts in a header but should not be there: a key that occurs twice in one object (readers
 * differ in which of the two they take, so one file could be two models), or lists nested too deeply.
 *
 * @param text - text that is not JSON is accepted here and refused by `JSON.parse`
 */
export function problemOfKeys(text: string): string | undefined {
  /** Keys of the objects that are open at this place; undefined stands for a list. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      const keys = open.at(-1);
      if (keys !== undefined && isBeforeColon(text, end)) {
        const key = plainKey(text.slice(at, end));
        if (keys.has(key)) return `has the key ${key.slice(0, 80)} twice`;
        keys.add(key);
      }
      at = end - 1;
    } else if (character === "{" || character === "[") {
      open.push(character === "{" ? new Set() : undefined);
      if (open.length > maximumDepth) return "has lists or objects nested more deeply than in any header";
    } else if (character === "}" || character === "]") open.pop();
  }
  return undefined;
}

/** The position after the closing quotation mark. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function isBeforeColon(text: string, from: number): boolean {
  let at = from;
  while (at < text.length && " \t\n\r".includes(text[at] as string)) at += 1;
  return text[at] === ":";
}

/** The key without escapes, so that equal keys have equal texts. */
function plainKey(written: string): string {
  if (!written.includes("\\")) return written;
  try {
    return JSON.stringify(JSON.parse(written));
  } catch {
    return written;
  }
}
