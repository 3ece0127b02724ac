import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type DetectorDefinition, deformableDetr, detr } from "@detrkit/training";
import { z } from "zod";
import { suggestion, UsageError } from "../usage-error.ts";
import { runSettings } from "./run-settings.ts";
import type { SettingsTree } from "./settings-tree.ts";

/** The detectors that detrkit has, that of the default preset first. */
export const ownDefinitions: readonly DetectorDefinition[] = [deformableDetr, detr];

/** Names of all presets of these definitions. */
export function presetNames(definitions: readonly DetectorDefinition[] = ownDefinitions): string[] {
  return definitions.flatMap(({ presets }) => Object.keys(presets));
}

/** The definitions that settings may speak of: that of a module of the user's, or detrkit's own. */
export async function definitionsFor({ detector }: SettingsTree): Promise<readonly DetectorDefinition[]> {
  return typeof detector === "string" ? [await loadDefinition(detector)] : ownDefinitions;
}

/** Definitions beside detrkit's own that a checkpoint may need: that of `--detector`, where it was given. */
export async function furtherDefinitions(detector: string | undefined): Promise<readonly DetectorDefinition[]> {
  return detector === undefined ? [] : [await loadDefinition(detector)];
}

/** The definition that has a preset. @throws UsageError where none has it */
export function definitionOf(preset: string, definitions: readonly DetectorDefinition[]): DetectorDefinition {
  const found = definitions.find(({ presets }) => Object.hasOwn(presets, preset));
  if (found !== undefined) return found;
  const names = presetNames(definitions);
  throw new UsageError(`there is no preset "${preset}"${suggestion(preset, names)}; presets: ${names.join(", ")}`);
}

/**
 * Loads a detector of the user's own.
 *
 * @param spec - `module:FILE`, a JavaScript or TypeScript file whose default export is what `defineDetector` returns
 */
export async function loadDefinition(spec: string): Promise<DetectorDefinition> {
  const [, file] = /^module:(.+)$/u.exec(spec) ?? [];
  if (file === undefined) throw new UsageError(`--detector takes module:FILE, got "${spec}"`);
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`--detector ${spec}: ${path} does not exist`);
  const loaded = (await import(pathToFileURL(path).href).catch((error: unknown) => {
    throw new UsageError(`--detector ${spec}: ${path} cannot be loaded: ${(error as Error).message}`, error);
  })) as { readonly default?: Partial<DetectorDefinition> };
  const { default: definition } = loaded;
  if (typeof definition?.create !== "function" || typeof definition.criterion !== "function") {
    throw new UsageError(
      `--detector ${spec}: the default export of ${path} is no detector; ` +
        "expected export default defineDetector({ … })",
    );
  }
  return definition as DetectorDefinition;
}

/**
 * The schema of all settings of a run with a detector of this definition.
 *
 * @throws UsageError where the definition has a setting of a name that all runs have
 */
export function schemaOf(definition: DetectorDefinition): z.ZodObject {
  const { shape } = runSettings;
  const taken = Object.keys(definition.settings.shape).find((key) => Object.hasOwn(shape, key) || key === "losses");
  if (taken !== undefined) {
    throw new UsageError(`${definition.title}: every run has a setting ${taken}; give the model's another name`);
  }
  const factors = definition.rateGroups.map(({ name, factor, description }) => [
    name,
    z.number().min(0).default(factor).describe(description),
  ]);
  const { auxiliaryLosses, evaluation, ...before } = shape;
  const named = ownDefinitions.includes(definition) ? ownDefinitions : [definition];
  return z.strictObject({
    ...before,
    preset: before.preset.describe(`Model and recipe to start from: ${presetNames(named).join(", ")}`),
    learningRateFactors: before.learningRateFactors.extend(Object.fromEntries(factors) as z.ZodRawShape),
    ...definition.settings.shape,
    losses: definition.losses,
    auxiliaryLosses,
    evaluation,
  });
}
