import { PickleGlobal, PickleRecord, type PickleValue } from "@detrkit/checkpoint";

/**
 * Where what a checkpoint holds differs from what JSON says of it; undefined where it does not. JSON has no tuples,
 * sets, bytes (`…_hex`), numbers as keys nor large integers; long values are described (`0..299`, `'ab' repeated 200
 * times`), and a note may follow in brackets.
 */
export function differenceOf(got: PickleValue | undefined, want: unknown, what: string): string | undefined {
  if (Array.isArray(want)) return ofList(got instanceof Set ? [...got] : got, want, what);
  if (typeof want === "object" && want !== null)
    return ofDictionary(got, want as Readonly<Record<string, unknown>>, what);
  const same = typeof want === "string" ? isDescribedBy(got, want) : got === want;
  return same ? undefined : `${what}: expected ${JSON.stringify(want)}, got ${shown(got)}`;
}

function ofList(got: PickleValue | undefined, want: readonly unknown[], what: string): string | undefined {
  if (!Array.isArray(got) || got.length !== want.length)
    return `${what}: expected a list of ${want.length}, got ${shown(got)}`;
  return want
    .map((value, index) => differenceOf(got[index], value, `${what}[${index}]`))
    .find((difference) => difference !== undefined);
}

function ofDictionary(
  got: PickleValue | undefined,
  want: Readonly<Record<string, unknown>>,
  what: string,
): string | undefined {
  const entries = got instanceof PickleRecord ? got.state : got;
  if (!(entries instanceof Map)) return `${what}: expected a dictionary, got ${shown(got)}`;
  const extra = [...entries.keys()].find((key) => !Object.hasOwn(want, String(key)));
  if (extra !== undefined) return `${what}: has ${shown(extra)}, which was not recorded`;
  return Object.entries(want)
    .map(([key, value]) => differenceOf(valueAt(entries, key), value, `${what}.${key}`))
    .find((difference) => difference !== undefined);
}

/** A dictionary's value under a key that JSON could only write as text. */
export function valueAt(dictionary: ReadonlyMap<PickleValue, PickleValue>, key: string): PickleValue | undefined {
  return dictionary.has(key) ? dictionary.get(key) : dictionary.get(Number(key));
}

function isDescribedBy(got: PickleValue | undefined, description: string): boolean {
  if (got instanceof PickleGlobal) return got.name === description;
  if (got instanceof Uint8Array) return Buffer.from(got).toString("hex") === description;
  if (Array.isArray(got)) return `0..${got.length - 1}` === description && got.every((value, index) => value === index);
  if (typeof got === "bigint") return String(got) === withoutNote(description);
  if (typeof got !== "string") return false;
  const [, part, times] = /^'(.+)' repeated (\d+) times$/.exec(description) ?? [];
  return (
    got === description ||
    got === withoutNote(description) ||
    (part !== undefined && got === part.repeat(Number(times)))
  );
}

function withoutNote(description: string): string {
  return description.replace(/ \(.*\)$/, "");
}

function shown(value: PickleValue | undefined): string {
  if (value instanceof Map) return `a dictionary of ${[...value.keys()].map(String).join(", ")}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return value.constructor.name;
  return String(value);
}
