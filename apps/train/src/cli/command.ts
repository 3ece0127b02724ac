import type { ProgressStream } from "./terminal.ts";
import type { CommandDescription } from "./help.ts";
import type { ParsedFlags } from "./parse-flags.ts";

/** Where a command writes, and what can end it early. */
export interface CommandStreams {
  /** Results, for people or programs. */
  readonly stdout: ProgressStream;
  /** Progress and everything else that is no result. */
  readonly stderr: ProgressStream;
}

/** What a command ends with: 0 done, 1 failed while running, 2 wrong usage or bad input, 130 stopped by Ctrl-C. */
export type ExitCode = 0 | 1 | 2 | 130;

/** A command of the program. */
export interface Command {
  readonly description: CommandDescription;
  /** The same for one command line, where its flags depend on what stands there. */
  readonly descriptionFor?: (args: readonly string[]) => Promise<CommandDescription>;
  readonly run: (flags: ParsedFlags, streams: CommandStreams) => Promise<ExitCode>;
}
