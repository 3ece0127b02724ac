import { resolveConfig, type SizedConfig } from "../../src/configuration/resolve-config.ts";
import type { SettingsTree } from "../../src/configuration/settings-tree.ts";

/** Settings without which there is no run. */
export const needed = { data: "shapes", output: "runs/test" };

/** What a published preset needs to be trained from random weights. */
export const trainAll = { ...needed, backbone: { norm: "group", frozenStages: 0 } };

/** The settings of a run, with a batch size in numbers. */
export function sizedConfig(settings: SettingsTree): SizedConfig {
  const config = resolveConfig(settings);
  return { ...config, batchSize: Number(config.batchSize) };
}
