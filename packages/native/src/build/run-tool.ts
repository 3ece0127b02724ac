import { spawn } from "node:child_process";
import { appendFile, mkdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { BackendError } from "@detrkit/common";

/** How a program is run. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** File for all of its output, to find out more than the error's single line. */
  readonly log?: string | undefined;
  /** How many characters at the end of its output are kept. Default 200,000. */
  readonly keep?: number;
  /** Explains a failure if the first line of an error does not. */
  readonly explain?: (output: string) => string | undefined;
}

/**
 * Runs a program to its end, or until `signal` aborts it.
 *
 * @returns its output
 * @throws BackendError with the first line of its output that reports an error
 */
export async function runTool(
  program: string,
  args: readonly string[],
  { signal, log, keep = 200_000, explain }: RunOptions = {},
): Promise<string> {
  const { output, problem, cause } = await runToEnd(program, args, keep, signal);
  if (log !== undefined) await writeLog(log, `$ ${[program, ...args].join(" ")}\n${output}\n`);
  if (problem === undefined) return output;
  throw new BackendError(`${basename(program)} failed (${problem}): ${explain?.(output) ?? firstProblem(output)}`, {
    cause,
  });
}

interface Run {
  readonly output: string;
  /** How it ended, if it failed. */
  readonly problem?: string;
  readonly cause?: Error | undefined;
}

function runToEnd(
  program: string,
  args: readonly string[],
  keep: number,
  signal: AbortSignal | undefined,
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal === undefined ? {} : { signal }),
    });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-keep);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    let cause: Error | undefined;
    child.on("error", (error) => {
      cause = error;
      // Without a process there is no "close" event. An aborted process is waited for, because it may still write.
      if (child.pid === undefined)
        reject(new BackendError(`${program} could not be started: ${error.message}`, { cause }));
    });
    child.on("close", (code, endedBy) => {
      resolve(
        code === 0 && cause === undefined ? { output } : { output, problem: endedBy ?? `exit code ${code}`, cause },
      );
    });
  });
}

/** The first of several programs that starts and answers `--version`. */
export async function findTool(
  names: readonly string[],
  args: readonly string[] = ["--version"],
): Promise<string | undefined> {
  for (const name of names) {
    try {
      await runTool(name, args);
      return name;
    } catch {
      // Missing or broken: the next one is tried.
    }
  }
  return undefined;
}

/**
 * Adds to a log. If it can't be written (no space left), the work continues without it, and fails with its own error.
 */
export async function writeLog(log: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(log), { recursive: true });
    await appendFile(log, text);
  } catch {
    // See above.
  }
}

/** One short line of a program's output: the first one that reports an error, without the folders of its file. */
function firstProblem(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const line = lines.find((text) => /\berror\b/i.test(text)) ?? lines.at(-1) ?? "it said nothing";
  return line.replace(/^\S*\//, "").slice(0, 160);
}
