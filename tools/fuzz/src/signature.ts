import type { CaseFailure } from "./fuzz-target.ts";

const frameOfOurs =
  /\((?:file:\/\/)?[^()\n]*\/((?:packages|apps|tools)\/[^()\n]*):\d+:\d+\)|at (?:file:\/\/)?[^()\n ]*\/((?:packages|apps|tools)\/[^()\n ]*):\d+:\d+/u;

/**
 * What two failures of one cause have in common: kind, error, and the first of our own files on the stack, without the
 * numbers and names of the one input. Shrinking keeps to it, and a run reports each only once.
 */
export function signatureOf({ kind, message }: CaseFailure): string {
  if (kind === "hang" || kind === "memory" || kind === "leak") return kind;
  const line =
    message.split("\n").find((text) => /Error|assert|fault|died|ended|threw/u.test(text)) ??
    message.split("\n")[0] ??
    "";
  const frame = frameOfOurs.exec(message);
  const general = line
    .trim()
    .replaceAll(/"[^"]*"|'[^']*'/gu, '"…"')
    .replaceAll(/-?\d[\d.e+-]*/gu, "N");
  return [kind, general.slice(0, 200), frame?.[1] ?? frame?.[2]].filter((part) => part !== undefined).join(" | ");
}
