import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The program, from source. */
export const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** How a run of the program ended. */
export interface CliResult {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the program that can be watched and signalled. */
export interface RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
}

/**
 * Starts the program from source, as users do. `onError` sees everything it writes on stderr so far.
 *
 * @param around - a command line that runs another one
 */
export function startCli(
  args: readonly string[],
  onError: (text: string, child: ChildProcess) => void = () => {},
  around: readonly string[] = [],
): RunningCli {
  const [program = "", ...all] = [...around, process.execPath, "--conditions=@detrkit/source", cli, ...args];
  const child = spawn(program, all, { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    onError(stderr, child);
  });
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs the program to its end. */
export async function runCli(...args: readonly string[]): Promise<CliResult> {
  return await startCli(args).ended;
}

/** Fails, showing what the program wrote, unless it ended with this exit code. */
export function expectExit({ code, stderr }: Pick<CliResult, "code" | "stderr">, expected: number | null): void {
  if (code !== expected) throw new Error(`expected exit code ${expected}, got ${code}:\n${stderr}`);
}
