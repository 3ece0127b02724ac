import { readWeights, settingDifferences, type Weights } from "@detrkit/inference";
import type { DetectorDefinition } from "@detrkit/training";
import { UsageError } from "../usage-error.ts";
import { definitionOf, presetNames } from "./definitions.ts";
import type { SettingsTree } from "./settings-tree.ts";

/** What the file of `--init` says of the run that starts from it. */
export interface InitialSettings {
  /** The settings of the model that its weights belong to: weaker than those that are given, stronger than a preset. */
  readonly settings: SettingsTree;
  /** The preset that is nearest to them; undefined for weights of a backbone alone. */
  readonly preset: string | undefined;
}

/**
 * Reads the model's settings from weights that a run is to start from: who gives weights means the model that they
 * belong to, and says only what is to differ from it.
 *
 * @param init - the name of the weights
 * @param preset - where one was chosen: it must be of the same kind of detector
 * @param onProgress - told how far a download is
 * @throws UsageError where it is of another kind; CheckpointError where the file is none of weights
 */
export async function initialSettings(
  init: string,
  preset: unknown,
  definitions: readonly DetectorDefinition[],
  onProgress?: (line: string) => void,
): Promise<InitialSettings> {
  const weights = await readWeights(init, {
    detectors: definitions,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const settings = weights.settings as SettingsTree;
  const definition = definitions.find(({ name }) => name === weights.family?.name);
  if (weights.family === undefined) return { settings, preset: undefined };
  const chosen = typeof preset === "string" ? definitionOf(preset, definitions) : definition;
  if (definition === undefined || chosen !== definition) {
    const presets = definition === undefined ? "" : `, or choose one of ${presetNames([definition]).join(", ")}`;
    throw new UsageError(
      `${weights.source} holds a ${weights.family.title}, but the run is one of ` +
        `${chosen?.title ?? definitions.map(({ title }) => title).join(" or ")}: leave --preset away${presets}`,
    );
  }
  return { settings, preset: nearestPreset(definition, weights) };
}

/** The preset with the fewest settings other than the weights' own; its recipe is the best guess for them. */
function nearestPreset({ presets }: DetectorDefinition, { settings }: Weights): string | undefined {
  const distance = (name: string): number => settingDifferences(settings, presets[name] ?? {}).length;
  return Object.keys(presets).toSorted((one, other) => distance(one) - distance(other))[0];
}
