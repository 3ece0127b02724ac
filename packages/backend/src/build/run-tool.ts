import { spawn } from "node:child_process";
import { BackendError } from "@detrkit/common";

/** Runs a program to its end; fails with the last lines of what it said. */
export async function runTool(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => reject(new BackendError(`${program} could not be started: ${error.message}`, { cause: error })));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new BackendError(`${program} failed (${signal ?? `exit code ${code}`}): ${lastLines(output)}`));
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

function lastLines(output: string): string {
  return output.trim().split("\n").slice(-4).join(" / ");
}
