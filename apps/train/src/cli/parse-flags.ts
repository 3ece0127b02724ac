import { parseArgs } from "node:util";
import { suggestion, UsageError } from "../usage-error.ts";
import { movedTo } from "../configuration/older-config.ts";
import { familiarSuggestion } from "./familiar-flags.ts";
import { plainName } from "./plain-name.ts";

/** A flag of one command. */
export interface FlagDefinition {
  /** As typed, without its dashes: `batch-size`. */
  readonly name: string;
  readonly kind: "boolean" | "number" | "numbers" | "text" | "words";
  /** What the help page writes after the flag: `N`, `DIR`, `fixed|detr`. */
  readonly placeholder?: string;
  readonly description: string;
  /** The values allowed, where they are few. */
  readonly choices?: readonly string[];
  /** Words that a number may be instead: `auto`. */
  readonly words?: readonly string[];
  /** Flags of one group stand together on the help page. */
  readonly group?: string;
}

/** A flag that takes a text, which help shows as the placeholder. */
export function textOption(name: string, placeholder: string, description: string): FlagDefinition {
  return { name, kind: "text", placeholder, description };
}

/** A flag that takes a number. */
export function numberOption(name: string, description: string): FlagDefinition {
  return { name, kind: "number", description };
}

/** A flag that is on where it stands: `--name`, or off: `--no-name`. */
export function switchOption(name: string, description: string): FlagDefinition {
  return { name, kind: "boolean", description };
}

/** The value of a flag, in the type its definition asks for. */
export type FlagValue = string | number | boolean | readonly number[] | readonly string[];

/** What stood on the command line after the command's name. */
export interface ParsedFlags {
  readonly values: ReadonlyMap<string, FlagValue>;
  readonly positionals: readonly string[];
}

function chosen({ name, choices = [] }: FlagDefinition, text: string): string {
  if (choices.length === 0 || choices.includes(text)) return text;
  throw new UsageError(`--${name} takes one of ${choices.join(", ")}, got "${text}"${suggestion(text, choices)}`);
}

function convert(flag: FlagDefinition, text: string): FlagValue {
  if (flag.kind === "words") return text.split(",").map((word) => chosen(flag, word.trim()));
  if (flag.kind === "text") return chosen(flag, text);
  if (flag.words?.includes(text) === true) return text;
  const numbers = (flag.kind === "numbers" ? text.split(",") : [text]).map((part) =>
    part.trim() === "" ? Number.NaN : Number(part),
  );
  if (!numbers.every(Number.isFinite)) {
    const expected = [flag.kind === "numbers" ? "numbers separated by commas" : "a number", ...(flag.words ?? [])];
    throw new UsageError(`--${flag.name} takes ${expected.join(" or ")}, got "${text}"`);
  }
  if (flag.choices !== undefined && flag.choices.length > 0 && !flag.choices.includes(String(numbers[0]))) {
    throw new UsageError(`--${flag.name} takes one of ${flag.choices.join(", ")}, got ${text}`);
  }
  return flag.kind === "numbers" ? numbers : (numbers[0] ?? Number.NaN);
}

/** Whether an argument is this flag: with or without a value, switched off, however its words are parted. */
export function sameFlag(arg: string, name: string): boolean {
  const [, given] = /^--(?:no-)?([^=]+)/u.exec(arg) ?? [];
  return given !== undefined && plainName(given) === plainName(name);
}

/** Arguments with the flags as their definitions spell them. */
function spelledAsDefined(args: readonly string[], flags: readonly FlagDefinition[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, index) => {
    const [, no = "", given = "", value = ""] = /^--(no-)?([^=]+)(=.*)?$/su.exec(arg) ?? [];
    if (given === "" || (end >= 0 && index > end) || flags.some(({ name }) => `${no}${given}` === name)) return arg;
    const flag = flags.find(({ name }) => plainName(name) === plainName(given));
    return flag === undefined ? arg : `--${no}${flag.name}${value}`;
  });
}

/**
 * The values of a few flags of a command line, whatever else stands there: of `texts` the last text, of `switches`
 * whether they are on.
 */
export function looseFlags(
  args: readonly string[],
  texts: readonly string[],
  switches: readonly string[],
): Readonly<Record<string, string | boolean>> {
  const options = Object.fromEntries([
    ...texts.map((name) => [name, { type: "string" as const }] as const),
    ...switches.map((name) => [name, { type: "boolean" as const }] as const),
  ]);
  const { values } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true });
  const wanted = [...texts, ...switches].filter((name) => values[name] !== undefined);
  return Object.fromEntries(wanted.map((name) => [name, values[name] as string | boolean]));
}

/** What a flag that the command does not have was meant to be: one of another program, of before, or misspelled. */
function unknownFlag(typed: string, name: string, known: readonly string[]): UsageError {
  const moved = movedTo(name.replaceAll("_", "-"));
  if (moved !== undefined) return new UsageError(`unknown flag ${typed}: the setting is ${moved} now`);
  return new UsageError(`unknown flag ${typed}${familiarSuggestion(name, known) || suggestion(name, known, "--")}`);
}

/**
 * Reads flags (`--name value`, `--name=value`, `--flag`, `--no-flag`) and positional arguments. An unknown flag, a
 * missing value and a value of the wrong kind are errors that say what was meant.
 */
export function parseFlags(args: readonly string[], flags: readonly FlagDefinition[]): ParsedFlags {
  const byName = new Map(flags.map((flag) => [flag.name, flag]));
  const options = Object.fromEntries(
    flags.map((flag) => [flag.name, { type: flag.kind === "boolean" ? ("boolean" as const) : ("string" as const) }]),
  );
  const { tokens, positionals } = parseArgs({
    args: spelledAsDefined(args, flags),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, FlagValue>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const negated = token.rawName.startsWith("--no-") && !byName.has(token.rawName.slice(2));
    const name = negated ? token.rawName.slice(5) : token.name;
    const flag = byName.get(name);
    if (flag === undefined || !token.rawName.startsWith("--") || (negated && flag.kind !== "boolean")) {
      throw unknownFlag(token.rawName, name, [...byName.keys()]);
    }
    const before = values.get(name);
    if (before !== undefined && flag.kind !== "words") throw new UsageError(`--${name} was given twice`);
    if (flag.kind === "boolean") {
      if (token.value !== undefined) throw new UsageError(`--${name} takes no value; write --${name} or --no-${name}`);
      values.set(name, !negated);
      continue;
    }
    if (token.value === undefined || (!token.inlineValue && token.value.startsWith("--")))
      throw new UsageError(`--${name} needs a value`);
    const value = convert(flag, token.value);
    values.set(name, flag.kind === "words" ? [...((before ?? []) as string[]), ...(value as string[])] : value);
  }
  return { values, positionals };
}

/** A text flag's value, if it was given. */
export function textFlag(parsed: ParsedFlags, name: string): string | undefined {
  const value = parsed.values.get(name);
  return typeof value === "string" ? value : undefined;
}

/** The words of a flag that takes several, each once. */
export function wordsFlag(parsed: ParsedFlags, name: string): readonly string[] {
  const value = parsed.values.get(name);
  return Array.isArray(value) ? [...new Set(value.map(String))] : [];
}

/** A number flag's value, if it was given. */
export function numberFlag(parsed: ParsedFlags, name: string): number | undefined {
  const value = parsed.values.get(name);
  return typeof value === "number" ? value : undefined;
}

/** Whether a switch was turned on or off; undefined where it was not given. */
export function switchGiven(parsed: ParsedFlags, name: string): boolean | undefined {
  const value = parsed.values.get(name);
  return typeof value === "boolean" ? value : undefined;
}

/** Whether a switch is on. */
export function switchFlag(parsed: ParsedFlags, name: string): boolean {
  return parsed.values.get(name) === true;
}
