import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { DetrkitError } from "@detrkit/common";
import type { FromChild, ToChild } from "./case-messages.ts";
import type { CaseResult, FuzzTarget, TargetModule } from "./fuzz-target.ts";

// Runs the cases of one target, one after the other, as the parent sends them. It does not guard itself: the parent
// sees when it dies, hangs or grows.
const [url = "", folder = ""] = process.argv.slice(2);
process.on("disconnect", () => process.exit());

const { target } = (await import(url)) as TargetModule;
await target.prepare?.();
process.on("message", ({ input }: ToChild) => void answer(input));
send({ kind: "ready" });

async function answer(input: Uint8Array): Promise<void> {
  let result = await runCase(target, input);
  // Threads and caches open files once; what leaks does so every time.
  if (result.opened > 0) result = await runCase(target, input);
  const failed = result.outcome.outcome === "failed";
  const leak: CaseResult = {
    outcome: "failed",
    failure: { kind: "leak", message: `${result.opened} file descriptors stay open after the case` },
  };
  send({ kind: "result", result: result.opened > 0 && !failed ? leak : result.outcome });
}

async function runCase(
  { check }: FuzzTarget,
  input: Uint8Array,
): Promise<{ readonly outcome: CaseResult; readonly opened: number }> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const before = openFiles();
  const outcome = await outcomeOf(check(input, folder));
  // A rejection that nobody handles ends the process: here, where it is this case's.
  await new Promise((resolve) => setImmediate(resolve));
  return { outcome, opened: openFiles() - before };
}

async function outcomeOf(checking: Promise<void>): Promise<CaseResult> {
  try {
    await checking;
    return { outcome: "accepted" };
  } catch (error) {
    if (DetrkitError.isInstance(error)) return { outcome: "refused" };
    return {
      outcome: "failed",
      failure: {
        kind: "exception",
        message: error instanceof Error ? (error.stack ?? error.message) : `threw ${String(error)}`,
      },
    };
  }
}

/** 0 where the system does not tell. */
function openFiles(): number {
  return process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
}

function send(message: FromChild): void {
  process.send?.(message);
}
