import { ConfigError } from "@detrkit/common";
import type { OwnParts } from "./create-parts.ts";
import type { DeformableTransformer } from "./deformable/deformable-config.ts";
import type { DeformableDetr } from "./deformable/deformable-detr.ts";
import type { DetectionModel } from "./detection-model.ts";
import { type InitialWeights, randomFor } from "./detector-family.ts";
import type { Detr, DetrTransformer } from "./detr.ts";
import { detectorFamilies } from "./families.ts";
import { type DeformableDetrPresetName, type DetrPresetName, type PresetName, presets } from "./presets.ts";
import type { DeformableDetrSettings, DetectorConfig, DetrSettings } from "./settings.ts";

/** Settings of {@link createDetector}. The transformer that can be given depends on the model. */
export interface CreateDetectorOptions<Transformer = DetrTransformer & DeformableTransformer> extends InitialWeights {
  /** Number of classes of the data, instead of the configuration's. */
  readonly numClasses?: number;
  /** Your own parts instead of the configuration's. */
  readonly parts?: OwnParts<Transformer>;
}

/**
 * Builds a detector from a preset or from your own configuration.
 *
 * @throws ConfigError when there is no such preset, a setting is impossible, or a given part does not fit
 */
export function createDetector(
  presetOrConfig: DetrPresetName | DetrSettings,
  options?: CreateDetectorOptions<DetrTransformer>,
): Detr;
export function createDetector(
  presetOrConfig: DeformableDetrPresetName | DeformableDetrSettings,
  options?: CreateDetectorOptions<DeformableTransformer>,
): DeformableDetr;
export function createDetector(
  presetOrConfig: PresetName | DetectorConfig,
  options?: CreateDetectorOptions,
): DetectionModel;
export function createDetector(
  presetOrConfig: PresetName | DetectorConfig,
  options: CreateDetectorOptions<DetrTransformer | DeformableTransformer> = {},
): DetectionModel<object> {
  const { numClasses, parts = {} } = options;
  const found = typeof presetOrConfig === "string" ? presetNamed(presetOrConfig) : presetOrConfig;
  const family = detectorFamilies.find(({ name }) => name === found.model);
  if (family === undefined) {
    const models = detectorFamilies.map(({ name }) => name).join(", ");
    throw new ConfigError(`createDetector: there is no model "${found.model}"; models: ${models}`);
  }
  const config = numClasses === undefined ? found : { ...found, numClasses };
  return family.create(config, { random: randomFor(options), parts });
}

function presetNamed(name: string): DetectorConfig {
  if (!Object.hasOwn(presets, name))
    throw new ConfigError(`createDetector: there is no preset "${name}"; presets: ${Object.keys(presets).join(", ")}`);
  return presets[name as PresetName];
}
