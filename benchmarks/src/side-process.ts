import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Ending, Facts, Iteration } from "./benchmark.ts";

/** One side of a comparison, loaded and warmed up, in a process of its own. */
export interface Side {
  readonly facts: Facts;
  /** Lines of more about its work, for people. */
  readonly details: readonly string[];
  run(): Promise<Iteration>;
  /** Asks the process to end. */
  stop(): Promise<Ending>;
  /** Ends the process if it still runs. */
  kill(): void;
}

/** How to start a side. */
export interface SideProgram {
  readonly label: string;
  readonly command: readonly [program: string, ...args: readonly string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly settings: unknown;
}

const stderrKept = 4_000;

/**
 * Starts a side and waits until it is warm. Both languages speak the same way: a line of JSON in (settings first, then
 * `"run"` or `"stop"`), a line of JSON out. While it waits for the next line a side sleeps, so the other has the
 * machine to itself.
 */
export async function startSide({ label, command: [program, ...args], env, settings }: SideProgram): Promise<Side> {
  const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  const ask = conversation(child, label);
  const { facts, details = [] } = await ask<{ facts: Facts; details?: readonly string[] }>(settings).catch(
    (error: unknown) => {
      child.kill();
      throw error;
    },
  );
  return {
    facts,
    details,
    run: () => ask<Iteration>("run"),
    stop: () => ask<Ending>("stop"),
    // Should this process itself be killed, the end of their input ends the sides.
    kill: () => {
      child.kill();
    },
  };
}

function conversation(
  child: ChildProcessWithoutNullStreams,
  label: string,
): <Reply>(message: unknown) => Promise<Reply> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-stderrKept);
  });
  // Writing to a process that has ended fails here and, with its reason, at the missing reply.
  child.stdin.on("error", () => {});
  const ended = new Promise<never>((_, reject) => {
    child.once("error", (error) =>
      reject(new Error(`${label}: ${child.spawnfile} could not be started: ${error.message}`)),
    );
    child.once("close", (code, signal) =>
      reject(new Error(`${label} ended with ${signal ?? `exit code ${code}`}:\n${stderr.trimEnd()}`)),
    );
  });
  ended.catch(() => {});
  return async <Reply>(message: unknown): Promise<Reply> => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    const { value, done } = await Promise.race([lines.next(), ended]);
    // The output ends a moment before the process does, which knows why.
    if (done === true) return await ended;
    return JSON.parse(value) as Reply;
  };
}
