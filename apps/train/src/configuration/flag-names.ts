import type { FlagDefinition } from "../cli/parse-flags.ts";
import { settings } from "./schema.ts";
import type { TrainingConfig } from "./training-config.ts";

/** `batchSize` as it is typed: `batch-size`. */
export function flagName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const placeholders: Partial<Record<keyof TrainingConfig, string>> = {
  preset: "NAME", split: "NAME", splitVal: "NAME", data: "SPEC", dataVal: "SPEC", output: "DIR", imageSize: "WxH", learningRate: "RATE", dropout: "RATE",
};

/** A flag for every setting of a training run. */
export function settingFlags(): readonly FlagDefinition[] {
  return settings().map(({ key, kind, choices, description }) => {
    const placeholder = placeholders[key];
    return { name: flagName(key), kind, choices, description, ...(placeholder === undefined ? {} : { placeholder }) };
  });
}
