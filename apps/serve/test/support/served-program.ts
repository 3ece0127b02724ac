import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./running-server.ts";

const program = join(import.meta.dirname, "../../src/cli.ts");

/** The program as somebody started it. */
export interface StartedProgram {
  readonly child: ChildProcess;
  /** What it wrote to stderr so far. */
  said(): string;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts `detrkit-serve` from source, in a folder. */
export function startProgram(args: readonly string[], cwd: string): StartedProgram {
  const child = spawn(
    process.execPath,
    ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning", program, ...args],
    { cwd, stdio: ["ignore", "pipe", "pipe"] },
  );
  let text = "";
  child.stderr?.on("data", (data: Buffer) => (text += data.toString()));
  return { child, said: () => text, ended: new Promise((done) => child.once("exit", done)) };
}

/** Waits until all models of a program are warm. @returns its address */
export async function listening({ said, child }: StartedProgram, limitMs = 60_000): Promise<string> {
  await until(() => said().includes("listens at") || child.exitCode !== null, limitMs);
  const [, address] = /listens at (\S+)/u.exec(said()) ?? [];
  if (address === undefined) throw new Error(`detrkit-serve ended with ${child.exitCode}: ${said()}`);
  return address;
}

/** The processes that a process started and that run now. Linux only. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    (readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").match(/\d+/gu) ?? []).map(Number),
  );
}

/** What a process holds of the machine's memory, in MiB; undefined where it is gone. Linux only. */
export function residentMb(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}
