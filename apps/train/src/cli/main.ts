import { DetrkitError } from "@detrkit/common";
import { describeSystemError } from "@detrkit/common/files";
import { suggestion, UsageError } from "../usage-error.ts";
import {
  type Command,
  type CommandDescription,
  type CommandStreams,
  type ExitCode,
  commandHelp,
  overviewHelp,
} from "./command.ts";
import { parseFlags } from "./parse-flags.ts";
import { clearLine, fitted, lineWriter } from "../text.ts";

/**
 * Each command is loaded when it is asked for: `evaluate` of two files needs no tensors, and starts at once. It may
 * depend on its command line.
 */
const commands: ReadonlyMap<string, (args: readonly string[], streams: CommandStreams) => Promise<Command>> = new Map([
  [
    "train",
    async (args: readonly string[], { stderr }: CommandStreams) =>
      (await import("../commands/train.ts")).trainCommand(args, lineWriter(stderr)),
  ],
  ["evaluate", async () => (await import("../commands/evaluate.ts")).evaluateCommand],
  ["predict", async () => (await import("../commands/predict.ts")).predictCommand],
  ["explain", async () => (await import("../commands/explain.ts")).explainCommand],
  ["convert", async () => (await import("../commands/convert.ts")).convertCommand],
  ["report", async () => (await import("../commands/report.ts")).reportCommand],
  ["check-data", async () => (await import("../commands/check-data.ts")).checkDataCommand],
  ["doctor", async () => (await import("../commands/doctor.ts")).doctorCommand],
  ["demo", async () => (await import("../commands/demo.ts")).demoCommand],
]);

/** Errors whose cause is what the user typed or gave us, not the program. */
const inputErrors = new Set(["ERR_USAGE", "ERR_CONFIG", "ERR_DATA", "ERR_CHECKPOINT"]);

/** Runs one command line (without `node` and the script) and says how the process should end. */
export async function main(args: readonly string[], streams: CommandStreams): Promise<ExitCode> {
  try {
    return await runCommand(args, streams);
  } catch (error) {
    const { text, code } = failure(error);
    // On a terminal a line of progress may stand where this is written.
    streams.stderr.write(
      `${streams.stderr.isTTY === true ? clearLine : ""}${fitted(`detrkit: ${text}`, streams.stderr)}\n`,
    );
    return code;
  }
}

/** How a program that failed says so: only a defect of its own shows where in its code it happened. */
export function failure(error: unknown): { readonly text: string; readonly code: ExitCode } {
  const known = DetrkitError.isInstance(error);
  const system = describeSystemError(known ? error.cause : error);
  if (known) return { text: error.message, code: inputErrors.has(error.code) || system?.isAboutPath === true ? 2 : 1 };
  if (system !== undefined) return { text: system.text, code: system.isAboutPath ? 2 : 1 };
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error), code: 1 };
}

async function runCommand(args: readonly string[], streams: CommandStreams): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
    const all = await Promise.all([...commands.values()].map((load) => load([], streams)));
    (name === undefined ? streams.stderr : streams.stdout).write(
      overviewHelp(all.map(({ description }) => description)),
    );
    return name === undefined ? 2 : 0;
  }
  const wanted = name === "help" ? (rest[0] ?? "") : name;
  const load = commands.get(wanted);
  if (load === undefined) {
    const names = [...commands.keys()];
    throw new UsageError(`there is no command "${wanted}"${suggestion(wanted, names)}; commands: ${names.join(", ")}`);
  }
  const { description, run } = await load(rest, streams);
  if (name === "help" || rest.includes("--help") || rest.includes("-h")) {
    streams.stdout.write(commandHelp(description));
    return 0;
  }
  const flags = parseFlags(rest, description.flags);
  const [stray] = flags.positionals;
  if (stray !== undefined && description.takesPaths !== true)
    throw new UsageError(`${wanted} takes flags only, got "${stray}"${strayAdvice(stray, description)}`);
  return await run(flags, streams);
}

/** What an argument without dashes was probably meant to be. */
function strayAdvice(stray: string, { flags }: CommandDescription): string {
  const [, name, value] = /^(\w+)=(.*)$/su.exec(stray) ?? [];
  if (name !== undefined) return `; write --${name} ${value}`;
  return flags.some((flag) => flag.name === "data") ? `; write --data ${stray}?` : "";
}
