import { spawn } from "node:child_process";
import { BackendError } from "@detrkit/common";

/**
 * Runs a program to its end, or until `signal` says stop.
 *
 * @throws BackendError with the last lines of what it said
 */
export async function runTool(program: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...(signal === undefined ? {} : { signal }) });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    let failure: Error | undefined;
    child.on("error", (error) => {
      failure = error;
      // Without a process there will be no "close"; an aborted one is waited for, since it may still write.
      if (child.pid === undefined) reject(new BackendError(`${program} could not be started: ${error.message}`, { cause: error }));
    });
    child.on("close", (code, endedBy) => {
      if (code === 0 && failure === undefined) resolve(output);
      else reject(new BackendError(`${program} failed (${endedBy ?? `exit code ${code}`}): ${lastLines(output)}`, { cause: failure }));
    });
  });
}

/** The first of several programs that starts and answers `--version`. */
export async function findTool(names: readonly string[], args: readonly string[] = ["--version"]): Promise<string | undefined> {
  for (const name of names) {
    try {
      await runTool(name, args);
      return name;
    } catch {
      // Not here or broken: the next one is asked.
    }
  }
  return undefined;
}

/** One line, however much a program said. */
function lastLines(output: string): string {
  return output.trim().split("\n").slice(-3).join(" / ").slice(-400);
}
