import type { CaseFailure } from "./fuzz-target.ts";

const placeWithout = (excluded: string): string =>
  String.raw`(?:file://)?[^${excluded}]*/((?:packages|apps|tools)/[^${excluded}]*):\d+:\d+`;
/** A stack frame in one of our own files: in parentheses after a function's name, or bare after `at`. */
const frameOfOurs = new RegExp(
  String.raw`\(${placeWithout(String.raw`()\n`)}\)|at ${placeWithout(String.raw`()\n `)}`,
  "u",
);

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
