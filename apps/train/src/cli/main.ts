import { DetrkitError } from "@detrkit/common";
import { checkDataCommand } from "../commands/check-data.ts";
import { demoCommand } from "../commands/demo.ts";
import { doctorCommand } from "../commands/doctor.ts";
import { evaluateCommand } from "../commands/evaluate.ts";
import { predictCommand } from "../commands/predict.ts";
import { trainCommand } from "../commands/train.ts";
import { suggestion } from "./closest-name.ts";
import type { Command, CommandStreams, ExitCode } from "./command.ts";
import { commandHelp, overviewHelp } from "./help.ts";
import { parseFlags } from "./parse-flags.ts";
import { UsageError } from "./usage-error.ts";

const commands: readonly Command[] = [trainCommand, evaluateCommand, predictCommand, checkDataCommand, doctorCommand, demoCommand];

/** Errors whose cause is what the user typed or gave us, not the program. */
const inputErrors = new Set(["ERR_USAGE", "ERR_CONFIG", "ERR_DATA", "ERR_CHECKPOINT"]);

/** Runs one command line (without `node` and the script) and says how the process should end. */
export async function main(args: readonly string[], streams: CommandStreams): Promise<ExitCode> {
  try {
    return await runCommand(args, streams);
  } catch (error) {
    const known = DetrkitError.isInstance(error);
    const text = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    streams.stderr.write(`detrkit: ${text}\n`);
    return known && inputErrors.has(error.code) ? 2 : 1;
  }
}

async function runCommand(args: readonly string[], streams: CommandStreams): Promise<ExitCode> {
  const descriptions = commands.map((command) => command.description);
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
    (name === undefined ? streams.stderr : streams.stdout).write(overviewHelp(descriptions));
    return name === undefined ? 2 : 0;
  }
  const wanted = name === "help" ? (rest[0] ?? "") : name;
  const command = commands.find(({ description }) => description.name === wanted);
  if (command === undefined) {
    const names = descriptions.map((description) => description.name);
    throw new UsageError(`there is no command "${wanted}"${suggestion(wanted, names)}; commands: ${names.join(", ")}`);
  }
  if (name === "help" || rest.includes("--help") || rest.includes("-h")) {
    streams.stdout.write(commandHelp(command.description));
    return 0;
  }
  return await command.run(parseFlags(rest, command.description.flags), streams);
}
