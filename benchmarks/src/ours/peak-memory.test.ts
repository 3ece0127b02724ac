import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { extraPeakMemoryMb, peakMemoryMb, peakMemoryOfProcessesMb } from "./peak-memory.ts";

const megabytes = 96;

test.runIf(process.platform === "linux")(
  "memory that was freed within the work counts, and the process's own peak is not forgotten",
  async () => {
    const touched = (): number => Buffer.alloc(megabytes * 2 ** 20, 7).at(-1) ?? 0;
    touched(); // garbage, which must not be there any more when the work begins
    const before = peakMemoryMb();
    const extra = await extraPeakMemoryMb(async () => {
      expect(touched()).toBe(7);
    });
    expect(extra).toBeGreaterThan(megabytes * 0.8);
    expect(extra).toBeLessThan(megabytes * 1.5);
    expect(await extraPeakMemoryMb(async () => {})).toBeLessThan(megabytes / 2);
    expect(peakMemoryMb()).toBeGreaterThanOrEqual(before);
  },
);

test.runIf(process.platform === "linux")("the processes that a process started count too", async () => {
  const waiting = "setInterval(() => {}, 1000); process.stdout.write('ready');";
  const large = `Buffer.alloc(${megabytes * 4} * 2 ** 20, 7); ${waiting}`;
  const startsIt = `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", process.argv[1]], { stdio: ["ignore", "inherit", "inherit"] });
    process.once("SIGTERM", () => child.kill() && process.exit());`;
  const started = spawn(process.execPath, ["-e", startsIt, large], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(started.stdout, "data");
    const { pid = 0 } = started;
    expect(peakMemoryOfProcessesMb(pid)).toBeGreaterThan(megabytes * 4);
    expect(peakMemoryOfProcessesMb(pid)).toBeLessThan(megabytes * 4 + 250);
  } finally {
    started.kill();
    await once(started, "exit");
  }
  expect(() => peakMemoryOfProcessesMb(started.pid ?? 0)).toThrow("has it ended?");
});
