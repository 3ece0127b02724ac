import type { ProgressStream } from "../text.ts";
import type { ParsedFlags, FlagDefinition } from "./parse-flags.ts";

/** Where a command writes, and what can end it early. */
export interface CommandStreams {
  /** Results, for people or programs. */
  readonly stdout: ProgressStream;
  /** Progress and everything else that is no result. */
  readonly stderr: ProgressStream;
}

/**
 * What a command ends with: 0 done, 1 failed while running, 2 wrong usage or bad input; stopped by a closed terminal
 * (129), by Ctrl-C (130) or by `kill` (143).
 */
export type ExitCode = 0 | 1 | 2 | 129 | 130 | 143;

/** A command of the program. */
export interface Command {
  readonly description: CommandDescription;
  readonly run: (flags: ParsedFlags, streams: CommandStreams) => Promise<ExitCode>;
}

/** A command as its help page shows it. */
export interface CommandDescription {
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** What stands after the command's name: `[flags] FILE…`. */
  readonly usage: string;
  readonly flags: readonly FlagDefinition[];
  /** Whether files or folders stand beside the flags; anything else that stands there is refused. */
  readonly takesPaths?: boolean;
  /** Complete command lines that work. */
  readonly examples: readonly string[];
  /** Further paragraphs. */
  readonly notes?: readonly string[];
}

function flagColumn(flag: FlagDefinition): string {
  if (flag.kind === "boolean") return `--${flag.name}`;
  const fallback = { number: "N", numbers: "N,N,…", text: "TEXT", words: "A,B,…" }[flag.kind];
  const isChoice = flag.choices !== undefined && flag.choices.length > 0;
  const choices = isChoice ? flag.choices.join(flag.kind === "words" ? "," : "|") : undefined;
  return `--${flag.name} ${[flag.placeholder ?? choices ?? fallback, ...(flag.words ?? [])].join("|")}`;
}

/** `learningRateScaling` as a heading. */
function heading(group: string): string {
  const words = group.replaceAll(/[A-Z]/gu, (letter) => ` ${letter.toLowerCase()}`);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}:`;
}

/** The help page of one command. */
export function commandHelp(command: CommandDescription): string {
  const width = Math.min(42, Math.max(0, ...command.flags.map((flag) => flagColumn(flag).length)));
  const linesOf = (flags: readonly FlagDefinition[]): string[] =>
    flags.map((flag) => `  ${flagColumn(flag).padEnd(width)}  ${flag.description}`);
  const groups = [...new Set(command.flags.flatMap(({ group }) => group ?? []))];
  return [
    command.summary,
    "",
    `Usage: detrkit ${command.name} ${command.usage}`,
    "",
    "Flags:",
    ...linesOf(command.flags.filter(({ group }) => group === undefined)),
    ...groups.flatMap((name) => ["", heading(name), ...linesOf(command.flags.filter(({ group }) => group === name))]),
    ...(command.notes ?? []).flatMap((note) => ["", note]),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

/** The page of `detrkit --help`. */
export function overviewHelp(commands: readonly CommandDescription[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    "detrkit: train, evaluate and run DETR and Deformable DETR from the command line.",
    "",
    "Usage: detrkit COMMAND [flags]",
    "",
    "Commands:",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    "`detrkit COMMAND --help` lists a command's flags and examples.",
    "",
    "Exit codes: 0 done, 1 failed while running, 2 wrong usage or bad input, 130 stopped by Ctrl-C.",
    "",
  ].join("\n");
}
