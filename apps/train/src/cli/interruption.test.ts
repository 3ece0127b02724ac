import { spawnSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { type Interruption, interruptible } from "./interruption.ts";

/** What a program does that says so and that would end where it ends the process. */
async function watched(work: (interruption: Interruption, ended: readonly unknown[]) => Promise<void>): Promise<void> {
  const ended: unknown[] = [];
  vi.spyOn(process, "exit").mockImplementation(((code: unknown) => ended.push(code)) as never);
  const before = process.listeners("SIGINT");
  const interruption = interruptible(() => {});
  try {
    await work(interruption, ended);
  } finally {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      for (const listener of process.listeners(name)) if (!before.includes(listener)) process.off(name, listener);
  }
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s asks for an end with %i, and so do its copies; a second wish ends at once", async (name, code) => {
  await watched(async ({ exitCode, signal }, ended) => {
    process.emit(name, name);
    process.emit("SIGTERM", "SIGTERM");
    await pause(100);
    process.emit(name, name);
    expect([signal.aborted, exitCode(), ended]).toEqual([true, code, []]);
    await pause(1_100);
    process.emit("SIGINT", "SIGINT");
    expect(ended).toEqual([130]);
  });
});

test("without a signal nothing is left behind", async () => {
  const count = process.listenerCount("SIGHUP");
  await watched(({ release, signal }) => {
    expect(process.listenerCount("SIGHUP")).toBe(count + 1);
    release();
    expect([process.listenerCount("SIGHUP"), signal.aborted]).toEqual([count, false]);
    return Promise.resolve();
  });
});

test("a copy of the signal that came during a long step is not taken for a second wish", () => {
  const url = new URL("./interruption.ts", import.meta.url).href;
  const script = `
    const { interruptible } = await import(process.argv[1]);
    const { signal } = interruptible(() => {});
    const alive = setTimeout(() => {}, 60_000);
    signal.addEventListener("abort", () => {
      process.kill(process.pid, "SIGINT"); // as npm does
      const until = performance.now() + 1_500;
      while (performance.now() < until); // a step
      setTimeout(() => process.exit(7), 100);
    });
    process.kill(process.pid, "SIGINT");`;
  const { status } = spawnSync(process.execPath, [...process.execArgv, "--input-type=module", "--eval", script, url]);
  expect(status).toBe(7);
});
