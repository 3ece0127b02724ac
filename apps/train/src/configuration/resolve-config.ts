import { readFile } from "node:fs/promises";
import { suggestion } from "../closest-name.ts";
import { UsageError } from "../usage-error.ts";
import { modelSettings, presetNames } from "./model-settings.ts";
import { checkConfig, checkSettings, type SettingProblem, settings } from "./schema.ts";
import type { PartialTrainingConfig, TrainingConfig } from "./training-config.ts";
import { trainingRecipes } from "./training-recipes.ts";

function describeProblems(source: string, problems: readonly SettingProblem[]): UsageError {
  const keys = settings().map((setting) => setting.key);
  const lines = problems.map(({ key, unknown, message }) => `  ${unknown ? `${message}${suggestion(key, keys)}` : `${key}: ${message}`}`);
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
  const preset = given.preset ?? "detr-small";
  const name = presetNames.find((known) => known === preset);
  if (name === undefined) {
    throw new UsageError(`there is no preset "${preset}"${suggestion(preset, presetNames)}; presets: ${presetNames.join(", ")}`);
  }
  for (const [key, flag, example] of [["data", "--data", "voc:path/to/data"], ["output", "--output", "runs/mine"]] as const) {
    if (given[key] === undefined) throw new UsageError(`${flag} is missing: detrkit train ${flag} ${example}`);
  }
  const checked = checkConfig({ ...trainingRecipes[name], ...modelSettings(name), preset, split: "train", dataVal: "", splitVal: "val", ...given });
  if ("problems" in checked) throw describeProblems("the settings do not fit together", checked.problems);
  const { value } = checked;
  if (value.hiddenDim % value.heads !== 0) {
    throw new UsageError(`--hidden-dim ${value.hiddenDim} must be a multiple of --heads ${value.heads}`);
  }
  return inOrder(value);
}

/** Keys in the order of the schema, so that stored and printed configurations are easy to compare. */
function inOrder(config: TrainingConfig): TrainingConfig {
  return Object.fromEntries(settings().map(({ key }) => [key, config[key]])) as unknown as TrainingConfig;
}
