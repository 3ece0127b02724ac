import type { DetectorSettings } from "@detrkit/detr";
import type { DetectorDefinition } from "@detrkit/training";
import { typedCommand } from "../cli/typed-command.ts";
import { readJson } from "../read-file.ts";
import { suggestion, UsageError } from "../usage-error.ts";
import { definitionOf, ownDefinitions, presetNames, schemaOf } from "./definitions.ts";
import { refuseFrozenDetector, refuseFrozenRandomWeights } from "./frozen-random-weights.ts";
import { movedTo } from "./older-config.ts";
import type { RunSettings } from "./run-settings.ts";
import {
  defaultsOf,
  faultsOf,
  flagName,
  merged,
  partial,
  type SettingFault,
  settingsOf,
  type SettingsTree,
  settingsTree,
  valueAt,
} from "./settings-tree.ts";

/** All settings of a run, resolved: what every run has, and the parts that its detector's definition reads. */
export interface RunConfig extends RunSettings {
  readonly definition: DetectorDefinition;
  /** Fits the definition's `settings`. */
  readonly model: SettingsTree;
  /** Fits the definition's `losses`. */
  readonly losses: SettingsTree;
  /** All of them as a configuration file has them. */
  readonly file: SettingsTree;
}

/** Settings whose batch size is known: `auto` was measured. */
export interface SizedConfig extends RunConfig {
  readonly batchSize: number;
}

/** The detector that a run's settings describe, for data of so many classes. */
export function detectorOf({ definition, model }: RunConfig, numClasses: number): DetectorSettings {
  return { ...model, model: definition.name, numClasses };
}

/** Whether a model of these settings makes masks. */
export function hasMasks(model: SettingsTree): boolean {
  return model["masks"] !== undefined;
}

/** Settings from a JSON file, unchecked: which there are depends on the preset. `$schema` is left out. */
export async function readConfigFile(path: string): Promise<SettingsTree> {
  const json = await readJson(path).catch((error: unknown) => {
    throw new UsageError(`--config ${path}: ${(error as Error).message}`, error);
  });
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UsageError(`${path}: expected a JSON object of settings, as detrkit train --dry-run prints it`);
  }
  const { $schema: _, ...settings } = json as SettingsTree;
  return settings;
}

/** Where settings come from, for errors. */
export interface SettingsSource {
  readonly settings: SettingsTree;
  /** A file's path; undefined for the command line. */
  readonly file?: string | undefined;
}

/**
 * All settings of a run: some as a configuration file has them, and what their preset gives beside.
 *
 * @param definitions - those whose presets may be named
 * @throws UsageError naming the setting
 */
export function resolveConfig(
  settings: SettingsTree,
  definitions: readonly DetectorDefinition[] = ownDefinitions,
): RunConfig {
  return resolveSources([{ settings }], definitions);
}

/**
 * {@link resolveConfig} of several sources, of which the later ones win.
 *
 * @param sources - from the weakest to the strongest: configuration file, then flags
 * @throws UsageError naming the setting and its source
 */
export function resolveSources(
  sources: readonly SettingsSource[],
  definitions: readonly DetectorDefinition[],
): RunConfig {
  const given = merged(...sources.map(({ settings }) => settings));
  const preset = presetOf(given, definitions);
  const definition = definitionOf(preset, definitions);
  const schema = schemaOf(definition);
  for (const source of sources) expectFitting(schema, source);
  for (const [key, example] of [
    ["data", "path/to/data"],
    ["output", "runs/mine"],
  ] as const) {
    if (given[key] === undefined)
      throw new UsageError(`--${key} is missing: ${typedCommand(["train", `--${key}`, example])}`);
  }
  const all = merged(presetTree(definition, preset), given);
  const config = checkedConfig(definition, all, "the settings do not fit together");
  refuseFrozenDetector(config);
  if (config.init === undefined) refuseFrozenRandomWeights(config);
  return config;
}

/** The preset that settings name, or the first there is. */
export function presetOf({ preset }: SettingsTree, definitions: readonly DetectorDefinition[]): string {
  return typeof preset === "string" ? preset : (presetNames(definitions)[0] ?? "");
}

/** All settings that need not be given: what a preset says about its model and its training, and the defaults. */
export function presetTree(definition: DetectorDefinition, preset: string): SettingsTree {
  const { model: _, numClasses: __, ...settings } = definition.presets[preset] as DetectorSettings;
  const recipe = (definition.recipes[preset] ?? {}) as SettingsTree;
  return merged(defaultsOf(schemaOf(definition)), settings, recipe, { preset });
}

/**
 * The settings of a run that are all there, checked.
 *
 * @throws UsageError that begins with `complaint` and names the settings
 */
export function checkedConfig(definition: DetectorDefinition, tree: SettingsTree, complaint: string): RunConfig {
  const schema = schemaOf(definition);
  const faults = [...faultsOf(schema, tree), ...modelFaults(definition, tree)];
  if (faults.length > 0) throw new UsageError(`${complaint}:\n${linesOf(faults, schema)}`);
  // In the order of the schema, so that stored and printed configurations are easy to compare.
  return configOf(
    definition,
    settingsTree(schema, (path) => valueAt(tree, path)),
  );
}

function expectFitting(schema: Parameters<typeof partial>[0], { settings, file }: SettingsSource): void {
  const faults = faultsOf(partial(schema), settings);
  if (faults.length === 0) return;
  const [{ path, message }] = faults as [SettingFault];
  throw new UsageError(file === undefined ? `--${flagName(path)}: ${message}` : `${file}:\n${linesOf(faults, schema)}`);
}

function linesOf(faults: readonly SettingFault[], schema: Parameters<typeof settingsOf>[0]): string {
  const known = settingsOf(schema).map(({ path }) => path.join("."));
  return faults
    .map(({ path, unknown, message }) => {
      const name = path.join(".");
      if (!unknown) return `  ${name === "" ? "" : `${name}: `}${message}`;
      const moved = movedTo(name);
      return `  ${message} "${name}"${moved === undefined ? suggestion(name, known) : `, it is ${moved} now`}`;
    })
    .join("\n");
}

/** Rules between settings of the model, once each of them is well-formed. */
function modelFaults(definition: DetectorDefinition, tree: SettingsTree): SettingFault[] {
  const model = modelTree(definition, tree);
  if (!definition.settings.safeParse(model).success) return [];
  const settings = { ...model, model: definition.name, numClasses: 1 };
  return (definition.problems?.(settings) ?? []).map((problem) => ({ ...problem, unknown: false }));
}

function modelTree(definition: DetectorDefinition, tree: SettingsTree): SettingsTree {
  return Object.fromEntries(Object.entries(tree).filter(([key]) => Object.hasOwn(definition.settings.shape, key)));
}

function configOf(definition: DetectorDefinition, file: SettingsTree): RunConfig {
  const settings = file as unknown as RunSettings & { readonly losses: SettingsTree };
  return { ...settings, definition, model: modelTree(definition, file), file };
}
