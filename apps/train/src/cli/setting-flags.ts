import type { DetectorDefinition } from "@detrkit/training";
import { definitionOf, definitionsFor, ownDefinitions, presetNames, schemaOf } from "../configuration/definitions.ts";
import { initialSettings, type InitialSettings } from "../configuration/initial-settings.ts";
import { presetOf, presetTree, readConfigFile } from "../configuration/resolve-config.ts";
import { storedSettings } from "../configuration/resume-config.ts";
import {
  flagName,
  merged,
  settingsOf,
  settingsTree,
  type SettingsTree,
  valueAt,
} from "../configuration/settings-tree.ts";
import { type LastRun, lastRun } from "../training/run-names.ts";
import { UsageError } from "../usage-error.ts";
import { type FlagDefinition, looseFlags, type ParsedFlags, sameFlag } from "./parse-flags.ts";

/** The detector that a command line is about. It decides which flags there are, so it is found before they are read. */
export interface SettingsInQuestion {
  readonly definitions: readonly DetectorDefinition[];
  readonly definition: DetectorDefinition;
  readonly preset: string;
  /** Settings that the weights of `--init` ask for; none without it. */
  readonly initial: SettingsTree;
  /** Settings of the file that `--config` names, and of the run that `--resume` goes on with. */
  readonly file: SettingsTree;
  readonly stored: SettingsTree;
  /** The run that `--resume` goes on with, where no folder was named. */
  readonly last: LastRun | undefined;
}

/**
 * Finds the detector of a command line: by its preset, its module, its file, the weights that it starts from, or the
 * run that it resumes.
 */
export async function settingsInQuestion(
  args: readonly string[],
  onProgress?: (line: string) => void,
): Promise<SettingsInQuestion> {
  const given = looseFlags(args, ["preset", "detector", "config", "output", "init"], ["resume"]);
  const { config, resume, output, ...others } = given;
  const file = typeof config === "string" ? await readConfigFile(config) : {};
  const { init = file["init"] } = others;
  if (resume === true && init !== undefined) {
    throw new UsageError(
      `--init ${String(init)} starts a new run from the weights of a file, with a fresh optimiser; ` +
        "--resume goes on with the run in --output, whose weights and optimiser it has: leave one of them away",
    );
  }
  const named = output ?? file["output"];
  const last = resume === true && named === undefined ? await lastRun() : undefined;
  const stored = resume === true ? await storedSettings(last?.root ?? named) : {};
  const settings = merged(stored, file, others);
  const definitions = await definitionsFor(settings);
  const started =
    typeof init === "string"
      ? await initialSettings(init, settings["preset"], definitions, onProgress)
      : ({ settings: {}, preset: undefined } satisfies InitialSettings);
  const preset = presetOf({ preset: started.preset, ...settings }, definitions);
  const initial = init === undefined ? {} : merged({ preset }, started.settings);
  return { definitions, definition: definitionOf(preset, definitions), preset, initial, file, stored, last };
}

const placeholders: Readonly<Record<string, string>> = {
  preset: "NAME",
  detector: "module:FILE",
  init: "FILE",
  split: "NAME",
  "validation.split": "NAME",
  data: "SPEC",
  "validation.data": "SPEC",
  output: "DIR",
  "save-every": "TIME",
  "transforms.size": "WxH",
};

/**
 * A flag for every setting of a training run with this detector. Its help shows the value in this preset. Flags of one
 * group of settings stand together.
 */
export function settingFlags(definition: DetectorDefinition, preset: string): readonly FlagDefinition[] {
  const values = presetTree(definition, preset);
  return settingsOf(schemaOf(definition)).map(({ path, kind, choices, words, description: meaning }) => {
    const name = flagName(path);
    const value = valueAt(values, path);
    const text = value === undefined ? "" : shown(value);
    const description = text === "" ? meaning : `${meaning} (${text})`;
    const placeholder = placeholders[name];
    const [group = ""] = path;
    return {
      name,
      kind,
      choices,
      words,
      description,
      ...(path.length > 1 ? { group } : {}),
      ...(placeholder === undefined ? {} : { placeholder }),
    };
  });
}

function shown(value: unknown): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return Array.isArray(value)
    ? value.join(",")
    : String(typeof value === "number" ? Number(value.toPrecision(4)) : value);
}

/** Settings that stood on the command line. */
export function flagSettings(flags: ParsedFlags, definition: DetectorDefinition): SettingsTree {
  return settingsTree(schemaOf(definition), (path) => flags.values.get(flagName(path)));
}

/**
 * Refuses flags of another detector than the one in question: a run that ignored them would not be what was asked for.
 *
 * @throws UsageError naming the detector that has the setting
 */
export function refuseForeignFlags(args: readonly string[], { definition }: SettingsInQuestion): void {
  const names = (of: DetectorDefinition): string[] => settingsOf(schemaOf(of)).map(({ path }) => flagName(path));
  const own = names(definition);
  for (const other of ownDefinitions) {
    const foreign = names(other).filter((name) => !own.includes(name));
    const given = foreign.find((name) => args.some((arg) => sameFlag(arg, name)));
    if (given === undefined) continue;
    throw new UsageError(
      `--${given} is a setting of ${other.title}, which ${definition.title} does not have; ` +
        `leave it away, or take one of ${presetNames([other]).join(", ")}`,
    );
  }
}
