import { UsageError } from "../usage-error.ts";
import { readRunConfig, runFolder } from "../training/run-folder.ts";
import { definitionOf, definitionsFor } from "./definitions.ts";
import { incidentalSettings } from "./incidental-settings.ts";
import { inGroups } from "./older-config.ts";
import { checkedConfig, presetOf, presetTree, type RunConfig } from "./resolve-config.ts";
import { flagName, flattened, merged, type SettingsTree } from "./settings-tree.ts";

/** Settings that do not change what a step computes. */
const changeable: ReadonlySet<string> = new Set([
  ...incidentalSettings,
  "epochs",
  "maxMinutes",
  "earlyStop.patience",
  "earlyStop.minDelta",
]);

/** The settings that a run folder keeps. @throws UsageError where it holds no run */
export async function storedSettings(output: unknown): Promise<SettingsTree> {
  if (typeof output !== "string") throw new UsageError(`output: expected a folder, got ${JSON.stringify(output)}`);
  const stored = await readRunConfig(runFolder(output));
  if (stored === undefined) throw new UsageError(`${output} holds no run to resume; leave --resume away to start one`);
  return inGroups(stored as SettingsTree);
}

/**
 * The settings of a run that is to go on: those it was started with.
 *
 * @param stored - the {@link storedSettings} of its folder
 * @param given - settings of the command line; those that would make it another run are refused
 */
export async function resumeConfig(stored: SettingsTree, given: SettingsTree): Promise<RunConfig> {
  const { config: source } = runFolder(String(given["output"]));
  const definitions = await definitionsFor(stored);
  const preset = presetOf(stored, definitions);
  const definition = definitionOf(preset, definitions);
  // A setting that an older version did not have was what the preset says.
  const before = merged(presetTree(definition, preset), stored);
  const values = flattened(before);
  for (const [name, value] of Object.entries(flattened(given))) {
    if (!changeable.has(name) && JSON.stringify(value) !== JSON.stringify(values[name])) {
      throw new UsageError(
        `the run in ${String(given["output"])} has --${flagName(name.split("."))} ${JSON.stringify(values[name])}, ` +
          `which cannot change to ${JSON.stringify(value)} when it is resumed; start another run`,
      );
    }
  }
  const complaint = `${source} was not written by this version`;
  checkedConfig(definition, before, complaint);
  return checkedConfig(definition, merged(before, given), complaint);
}
