import { flagName } from "../configuration/flag-name.ts";
import { checkSettings, settings } from "../configuration/schema.ts";
import type { PartialTrainingConfig, TrainingConfig } from "../configuration/training-config.ts";
import { UsageError } from "../usage-error.ts";
import type { FlagDefinition, ParsedFlags } from "./parse-flags.ts";

const placeholders: Partial<Record<keyof TrainingConfig, string>> = {
  preset: "NAME",
  split: "NAME",
  splitVal: "NAME",
  data: "SPEC",
  dataVal: "SPEC",
  output: "DIR",
  imageSize: "WxH",
  learningRate: "RATE",
  dropout: "RATE",
};

/** A flag for every setting of a training run. */
export function settingFlags(): readonly FlagDefinition[] {
  return settings().map(({ key, kind, choices, description }) => {
    const placeholder = placeholders[key];
    return { name: flagName(key), kind, choices, description, ...(placeholder === undefined ? {} : { placeholder }) };
  });
}

/** Settings that stood on the command line. */
export function flagSettings(flags: ParsedFlags): PartialTrainingConfig {
  const given = Object.fromEntries(
    settings().flatMap(({ key }) => (flags.values.has(flagName(key)) ? [[key, flags.values.get(flagName(key))]] : [])),
  );
  const checked = checkSettings(given);
  if ("value" in checked) return checked.value;
  const [problem] = checked.problems;
  throw new UsageError(`--${flagName(problem?.key ?? "")}: ${problem?.message ?? "not valid"}`);
}
