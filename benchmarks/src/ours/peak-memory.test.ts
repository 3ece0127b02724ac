import { expect, test } from "vitest";
import { extraPeakMemoryMb, peakMemoryMb } from "./peak-memory.ts";

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
