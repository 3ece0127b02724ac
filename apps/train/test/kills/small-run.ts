import type { SettingsTree } from "../../src/configuration/settings-tree.ts";
import { tinyFlags, tinySettings } from "../support/tiny-run.ts";

/** A run whose epochs take a few seconds, so that it is saved within them. */
export interface SmallRun {
  readonly flags: readonly string[];
  readonly stepsPerEpoch: number;
}

/** @param epochs - more than what is trained between the kills */
export function smallRun(epochs: number, images: number, saveEvery: string): SmallRun {
  const settings: SettingsTree = {
    ...tinySettings,
    data: `shapes:count=${images},validation=12,size=32,smallest=8,largest=16,objects=2,classes=2`,
    epochs,
    saveEvery,
    evaluation: { every: 1, pictures: 2 },
  };
  const flags = tinyFlags("-", settings);
  const output = flags.indexOf("--output");
  return { flags: flags.toSpliced(output, 2), stepsPerEpoch: Math.ceil(images / 2) };
}
