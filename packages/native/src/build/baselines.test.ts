import { ConfigError } from "@detrkit/common";
import { expect, test } from "vitest";
import { baselinesOf, usableBaselines } from "./baselines.ts";

test.each([
  ["all that a processor can run, best first", "x64", "x86-64-v3", undefined, ["x86-64-v3", "x86-64-v2"]],
  ["none, where it can't run the lowest", "x64", "", undefined, []],
  ["from the forced one on", "x64", "x86-64-v4", "x86-64-v3", ["x86-64-v3", "x86-64-v2"]],
  ["none, where that is asked for", "x64", "x86-64-v4", "none", []],
  ["all, where nothing is asked for", "x64", "x86-64-v4", "", ["x86-64-v4", "x86-64-v3", "x86-64-v2"]],
  ["the one of another architecture", "arm64", "armv8-a", undefined, ["armv8-a"]],
])("baselines to try: %s", (_title, architecture, processor, forced, expected) => {
  expect(usableBaselines(architecture, processor, forced)).toEqual(expected);
});

test("a forced baseline that the processor can't run, or that is none, is refused", () => {
  const refused =
    (forced: string): (() => unknown) =>
    () =>
      usableBaselines("x64", "x86-64-v3", forced);
  const choices = "expected one of x86-64-v3, x86-64-v2, none";
  expect(refused("x86-64-v4")).toThrow(
    new ConfigError(`DETRKIT_BASELINE=x86-64-v4, which this processor can't run: ${choices}`),
  );
  expect(refused("native")).toThrow(new ConfigError(`DETRKIT_BASELINE=native, which is none: ${choices}`));
  expect(baselinesOf("mips")).toEqual([]);
});
