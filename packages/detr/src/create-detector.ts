import { ConfigError } from "@detrkit/common";
import { createDeformableDetr, createDetr, type OwnParts } from "./create-parts.ts";
import type { DeformableTransformer } from "./deformable/deformable-config.ts";
import type { DeformableDetr } from "./deformable/deformable-detr.ts";
import type { DetectionModel } from "./detection-model.ts";
import { type InitialWeights, randomFor } from "./detector-family.ts";
import type { Detr, DetrTransformer } from "./detr.ts";
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
): Detr | DeformableDetr {
  const { numClasses, parts = {} } = options;
  const found = typeof presetOrConfig === "string" ? presetNamed(presetOrConfig) : presetOrConfig;
  const config = numClasses === undefined ? found : { ...found, numClasses };
  const random = randomFor(options);
  // The signatures above ensure that the transformer is one for this model.
  if (config.model === "detr") return createDetr(config, parts as OwnParts<DetrTransformer>, random);
  if (config.model === "deformable-detr") {
    return createDeformableDetr(config, parts as OwnParts<DeformableTransformer>, random);
  }
  const { model } = config as { readonly model: string };
  throw new ConfigError(`createDetector: there is no model "${model}"; models: detr, deformable-detr`);
}

function presetNamed(name: string): DetectorConfig {
  if (!Object.hasOwn(presets, name))
    throw new ConfigError(`createDetector: there is no preset "${name}"; presets: ${Object.keys(presets).join(", ")}`);
  return presets[name as PresetName];
}
