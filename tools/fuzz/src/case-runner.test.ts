import { existsSync } from "node:fs";
import { afterAll, expect, test, vi } from "vitest";
import { CaseRunner } from "./case-runner.ts";
import type { CaseResult } from "./fuzz-target.ts";
import { target } from "./test-support/toy-target.ts";

vi.setConfig({ testTimeout: 120_000 }); // each death costs the start of a process
const runner = new CaseRunner(import.meta.resolve("./test-support/toy-target.ts"), target.limits);
afterAll(() => runner.stop());

const run = (text: string): Promise<CaseResult> => runner.run(Buffer.from(text, "latin1"));
const failure = (kind: string, message: string): unknown => ({
  outcome: "failed",
  failure: { kind, message: expect.stringContaining(message) as string },
});

test("an input is accepted, or refused by a typed error", async () => {
  expect(await run("TOY")).toEqual({ outcome: "accepted" });
  expect(await run("TO")).toEqual({ outcome: "refused" });
});

test("another error is a failure, with its stack", async () => {
  expect(await run("TOY \u0080")).toEqual(failure("exception", "TypeError: cannot read byte 4"));
  expect(await run("TOY \u0080")).toEqual(failure("exception", "toy-target.ts"));
});

test("a process that ends is a failure, and the next case runs in another", async () => {
  expect(await run("TOY crash")).toEqual(failure("crash", "died of SIGABRT"));
  expect(await run("TOY exit")).toEqual(failure("crash", "ended with exit code 7"));
  expect(await run("TOY stray")).toEqual(failure("crash", "nobody waits for this"));
  expect(await run("TOY")).toEqual({ outcome: "accepted" });
});

test("a hang and too much memory are failures", async () => {
  expect(await run("TOY hang")).toEqual(failure("hang", "takes longer than 6 s"));
  expect(await run("TOY memory")).toEqual(failure("memory", "needs more than 200 MiB"));
});

// Only there does the system tell which files are open.
test.runIf(existsSync("/proc/self/fd"))("a file left open is a failure", async () => {
  expect(await run("TOY leak")).toEqual(failure("leak", "1 file descriptors stay open"));
});

test("a target that cannot be loaded is said, and is no finding", async () => {
  const missing = new CaseRunner(import.meta.resolve("./test-support/no-such-target.ts"), target.limits);
  await expect(missing.run(new Uint8Array())).rejects.toThrow(/no-such-target\.ts could not be started \(crash\)/u);
});
