import { deformableDetr } from "@detrkit/training";
import { expect, test } from "vitest";
import { resolveConfig } from "../configuration/resolve-config.ts";
import type { SettingsTree } from "../configuration/settings-tree.ts";
import { parseFlags } from "./parse-flags.ts";
import { flagSettings, settingFlags } from "./setting-flags.ts";

const settingsOf = (...args: readonly string[]): SettingsTree =>
  flagSettings(parseFlags(args, settingFlags(deformableDetr, "deformable-detr-small")), deformableDetr);

test.each(["90", "90s", "2m", "1.5h"])("a time may be given with its unit: --save-every %s", (time) => {
  expect(settingsOf("--save-every", time)).toEqual({ saveEvery: time });
  const run = { data: "shapes", output: "runs/test" };
  expect(resolveConfig({ ...run, ...settingsOf("--save-every", time) }).saveEvery).toBe(time);
});

test("what is no time is refused, and a number may be a word that stands for one", () => {
  const run = { data: "shapes", output: "runs/test" };
  expect(() => resolveConfig({ ...run, ...settingsOf("--save-every", "2 days") })).toThrow(
    "--save-every: expected seconds, or a time as 90s or 2m",
  );
  expect(settingsOf("--batch-size", "auto")).toEqual({ batchSize: "auto" });
  expect(settingsOf("--batch-size", "3")).toEqual({ batchSize: 3 });
  expect(() => settingsOf("--batch-size", "many")).toThrow("--batch-size takes a number or auto");
});
