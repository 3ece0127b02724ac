import { type DetectorConfig, type PresetName, presets } from "@detrkit/detr";
import { suggestion } from "../closest-name.ts";
import { UsageError } from "../usage-error.ts";
import type { TrainingConfig } from "./training-config.ts";

/** Which model a detector is. */
export type ModelName = DetectorConfig["model"];

/** The settings that describe the model. */
export type ModelSettingName =
  | "numQueries"
  | "hiddenDim"
  | "heads"
  | "encoderLayers"
  | "decoderLayers"
  | "feedForwardDim"
  | "dropout"
  | "preNorm"
  | "positionsNormalized"
  | "backboneWidth"
  | "backboneStage"
  | "backboneStages"
  | "backboneStem"
  | "backboneNorm"
  | "backboneFrozenStages"
  | "featureLevels"
  | "points"
  | "boxRefinement"
  | "twoStage";

export type ModelSettings = Pick<TrainingConfig, ModelSettingName>;

/** Settings that the other model does not have. */
export const settingsOfOneModel: Readonly<Record<ModelName, readonly (keyof TrainingConfig)[]>> = {
  detr: ["preNorm", "positionsNormalized", "backboneStage", "noObjectWeight"],
  "deformable-detr": [
    "samplingLearningRateFactor",
    "backboneStages",
    "featureLevels",
    "points",
    "boxRefinement",
    "twoStage",
    "focalAlpha",
  ],
};

/** The preset of a run that names none. */
export const defaultPreset: PresetName = "deformable-detr-small";

/** Names of the presets, the default first. */
export const presetNames: readonly PresetName[] = [
  defaultPreset,
  "deformable-detr-r50",
  "deformable-detr-r50-refine",
  "deformable-detr-r50-two-stage",
  "deformable-detr-r50-single-scale",
  "deformable-detr-r50-single-scale-dc5",
  "detr-small",
  "detr-r50",
  "detr-r50-dc5",
  "detr-r101",
  "detr-r101-dc5",
];

/**
 * The preset of this name.
 *
 * @throws UsageError when there is none
 */
export function presetNamed(name: string): DetectorConfig {
  const known = presetNames.find((preset) => preset === name);
  if (known === undefined)
    throw new UsageError(
      `there is no preset "${name}"${suggestion(name, presetNames)}; presets: ${presetNames.join(", ")}`,
    );
  return presets[known];
}

/** Which model a run's preset is of. */
export function modelOf({ preset }: Pick<TrainingConfig, "preset">): ModelName {
  return presetNamed(preset).model;
}

/** The model settings of a preset. */
export function modelSettings(name: string): ModelSettings {
  const preset = presetNamed(name);
  const { backbone, transformer, numQueries } = preset;
  const common = {
    numQueries,
    hiddenDim: transformer.dim,
    heads: transformer.heads,
    encoderLayers: transformer.encoderLayers,
    decoderLayers: transformer.decoderLayers,
    feedForwardDim: transformer.feedForwardDim,
    dropout: transformer.dropout,
    backboneWidth: backbone.width,
    backboneStem: backbone.stem,
    backboneNorm: backbone.norm,
    backboneFrozenStages: backbone.frozenStages,
  };
  if (preset.model === "deformable-detr") {
    const { featureLevels, boxRefinement, twoStage } = preset;
    return {
      ...common,
      backboneStages: backbone.returnStages,
      featureLevels,
      points: preset.transformer.encoderPoints,
      boxRefinement,
      twoStage,
    };
  }
  return {
    ...common,
    preNorm: preset.transformer.preNorm,
    positionsNormalized: preset.positionEncoding.kind === "sine" && (preset.positionEncoding.normalize ?? true),
    backboneStage: backbone.returnStages.at(-1) ?? 4,
  };
}

/** The model that a run's settings describe: its preset, with the settings on top. */
export function detectorConfig(config: TrainingConfig, numClasses: number): DetectorConfig {
  const preset = presetNamed(config.preset);
  const backbone = {
    ...preset.backbone,
    width: config.backboneWidth,
    stem: config.backboneStem,
    norm: config.backboneNorm,
    frozenStages: config.backboneFrozenStages,
  };
  const transformer = {
    dim: config.hiddenDim,
    heads: config.heads,
    encoderLayers: config.encoderLayers,
    decoderLayers: config.decoderLayers,
    feedForwardDim: config.feedForwardDim,
    dropout: config.dropout,
  };
  const sizes = { numClasses, numQueries: config.numQueries };
  if (preset.model === "deformable-detr") {
    const { encoderPoints, decoderPoints } = preset.transformer;
    return {
      ...preset,
      ...sizes,
      backbone: { ...backbone, returnStages: config.backboneStages ?? backbone.returnStages },
      transformer: {
        ...transformer,
        encoderPoints: config.points ?? encoderPoints,
        decoderPoints: config.points ?? decoderPoints,
      },
      featureLevels: config.featureLevels ?? preset.featureLevels,
      boxRefinement: config.boxRefinement ?? preset.boxRefinement,
      twoStage: config.twoStage ?? preset.twoStage,
    };
  }
  return {
    ...preset,
    ...sizes,
    backbone: {
      ...backbone,
      returnStages: config.backboneStage === undefined ? backbone.returnStages : [config.backboneStage],
    },
    positionEncoding:
      config.positionsNormalized === undefined
        ? preset.positionEncoding
        : { kind: "sine", normalize: config.positionsNormalized },
    transformer: { ...transformer, preNorm: config.preNorm ?? preset.transformer.preNorm },
  };
}
