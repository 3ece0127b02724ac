import type { DetectorSettings } from "@detrkit/detr";
import type { DetectorDefinition } from "@detrkit/training";
import { UsageError } from "../usage-error.ts";
import { presetTree } from "./resolve-config.ts";
import { merged, type SettingsTree } from "./settings-tree.ts";

/** What a command line says of masks. */
export interface MaskWish {
  /** `--masks` or `--no-masks`; undefined where neither stands there. */
  readonly masks: boolean | undefined;
  readonly definition: DetectorDefinition;
  readonly preset: string;
}

/**
 * Sources of settings with what `--masks` stands for: a mask head as published, whose settings those of the sources
 * override. Settings of a mask head that are given without it ask for one too. `--no-masks` leaves those of the sources
 * before the last out: the weights that a run starts from may have masks.
 *
 * @param sources - from the weakest to the strongest, the last one being the flags
 * @throws UsageError where the detector cannot have masks, or flags contradict each other
 */
export function withMaskSettings<Source extends { readonly settings: SettingsTree }>(
  sources: readonly Source[],
  { masks: wanted, definition, preset }: MaskWish,
): readonly (Source | { readonly settings: SettingsTree })[] {
  if (wanted === false) {
    if (sources.at(-1)?.settings["masks"] !== undefined)
      throw new UsageError("--no-masks leaves the mask head out, and its settings (--masks.…) mean nothing then");
    return sources.map((source) => {
      const { masks: _, ...settings } = source.settings;
      return { ...source, settings };
    });
  }
  const given = merged(...sources.map(({ settings }) => settings));
  if (wanted !== true && given["masks"] === undefined) return sources;
  if (definition.maskSettings === undefined)
    throw new UsageError(`--masks: ${definition.title} is a detector of boxes only; leave the flag away`);
  const model = merged(presetTree(definition, preset), given) as SettingsTree & DetectorSettings;
  return [{ settings: { masks: definition.maskSettings(model) } }, ...sources];
}
