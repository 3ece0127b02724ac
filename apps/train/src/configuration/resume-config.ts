import { UsageError } from "../usage-error.ts";
import { readRunConfig, runFolder } from "../training/run-folder.ts";
import { refuseForeignSettings } from "./check-model-settings.ts";
import { flagName } from "./flag-name.ts";
import { presetSettings } from "./resolve-config.ts";
import { checkConfig } from "./schema.ts";
import type { PartialTrainingConfig, TrainingConfig } from "./training-config.ts";

/** Settings that do not change what a step computes. */
const changeable: ReadonlySet<string> = new Set<keyof TrainingConfig>([
  "output",
  "epochs",
  "evaluateEvery",
  "stopAtAp50",
  "samplePictures",
  "backend",
]);

/**
 * The settings of a run that is to go on: those it was started with.
 *
 * @param given - settings of the command line; those that would make it another run are refused
 */
export async function resumeConfig(given: PartialTrainingConfig): Promise<TrainingConfig> {
  if (given.output === undefined) throw new UsageError("--resume needs --output, the folder of the run");
  const stored = await readRunConfig(runFolder(given.output));
  if (stored === undefined)
    throw new UsageError(`${given.output} holds no run to resume; leave --resume away to start one`);
  const { preset } = stored as PartialTrainingConfig;
  // A setting that an older version did not have was what the preset says.
  const ofPreset = typeof preset === "string" ? presetSettings(preset) : {};
  const checked = checkConfig({ ...ofPreset, ...(stored as object), output: given.output });
  if ("problems" in checked) {
    throw new UsageError(
      `${runFolder(given.output).config} was not written by this version: ${checked.problems.map(({ key, message }) => `${key}: ${message}`).join("; ")}`,
    );
  }
  refuseForeignSettings(checked.value.preset, given);
  for (const [key, value] of Object.entries(given)) {
    const before = checked.value[key as keyof TrainingConfig];
    if (!changeable.has(key) && JSON.stringify(value) !== JSON.stringify(before)) {
      throw new UsageError(
        `the run in ${given.output} has --${flagName(key)} ${JSON.stringify(before)}, which cannot change to ${JSON.stringify(value)} when it is resumed; start another run`,
      );
    }
  }
  return { ...checked.value, ...given };
}
