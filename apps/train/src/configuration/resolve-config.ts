import { readFile } from "node:fs/promises";
import type { PresetName } from "@detrkit/detr";
import { suggestion } from "../closest-name.ts";
import { UsageError } from "../usage-error.ts";
import { refuseForeignSettings, refuseFrozenRandomWeights, refuseImpossibleModel } from "./check-model-settings.ts";
import { defaultPreset, modelSettings } from "./model-settings.ts";
import { checkConfig, checkSettings, type SettingProblem, settings } from "./schema.ts";
import type { PartialTrainingConfig, TrainingConfig } from "./training-config.ts";
import { trainingRecipes } from "./training-recipes.ts";

function describeProblems(source: string, problems: readonly SettingProblem[]): UsageError {
  const keys = settings().map((setting) => setting.key);
  const lines = problems.map(
    ({ key, unknown, message }) =>
      `  ${unknown ? `${message}${suggestion(key, keys)}` : `${key === "" ? "" : `${key}: `}${message}`}`,
  );
  return new UsageError(`${source}:\n${lines.join("\n")}`);
}

/** Settings from a JSON file; `$schema` is allowed, every other unknown key is an error. */
export async function readConfigFile(path: string): Promise<PartialTrainingConfig> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`--config ${path} cannot be read: ${(error as Error).message}`, error);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${(error as Error).message}`, error);
  }
  const checked = checkSettings(json);
  if ("problems" in checked) throw describeProblems(path, checked.problems);
  return checked.value;
}

/**
 * All settings of a run: those of the later sources win, and the preset that they name gives the rest.
 *
 * @param sources - from the weakest to the strongest: config file, then flags
 */
export function resolveConfig(...sources: readonly PartialTrainingConfig[]): TrainingConfig {
  const given: PartialTrainingConfig = Object.assign({}, ...sources);
  const preset = given.preset ?? defaultPreset;
  const ofPreset = presetSettings(preset);
  refuseForeignSettings(preset, given);
  for (const [key, flag, example] of [
    ["data", "--data", "voc:path/to/data"],
    ["output", "--output", "runs/mine"],
  ] as const) {
    if (given[key] === undefined) throw new UsageError(`${flag} is missing: detrkit train ${flag} ${example}`);
  }
  const checked = checkConfig({ ...ofPreset, preset, split: "train", dataVal: "", splitVal: "val", ...given });
  if ("problems" in checked) throw describeProblems("the settings do not fit together", checked.problems);
  const { value } = checked;
  refuseImpossibleModel(value);
  refuseFrozenRandomWeights(value);
  return inOrder(value);
}

/** What a preset says about its model and its training. @throws UsageError where there is no such preset */
export function presetSettings(preset: string): PartialTrainingConfig {
  return { ...trainingRecipes[preset as PresetName], ...modelSettings(preset) };
}

/** Keys in the order of the schema, so that stored and printed configurations are easy to compare. */
function inOrder(config: TrainingConfig): TrainingConfig {
  return Object.fromEntries(
    settings().flatMap(({ key }) => (config[key] === undefined ? [] : [[key, config[key]]])),
  ) as unknown as TrainingConfig;
}
