import { type DetectorConfig, type PresetName, presets } from "@detrkit/detr";
import type { TrainingConfig } from "./training-config.ts";

/** The settings that describe the model. */
export type ModelSettings = Pick<
  TrainingConfig,
  | "numQueries" | "hiddenDim" | "heads" | "encoderLayers" | "decoderLayers" | "feedForwardDim" | "dropout" | "preNorm"
  | "positionsNormalized" | "backboneWidth" | "backboneStage" | "backboneStem"
>;

/** Names of the presets, the default first. */
export const presetNames: readonly PresetName[] = ["detr-small", "detr-r50", "detr-r50-dc5", "detr-r101", "detr-r101-dc5"];

/** The model settings of a preset. */
export function modelSettings(preset: PresetName): ModelSettings {
  const { backbone, positionEncoding, transformer, numQueries } = presets[preset];
  return {
    numQueries,
    hiddenDim: transformer.dim,
    heads: transformer.heads,
    encoderLayers: transformer.encoderLayers,
    decoderLayers: transformer.decoderLayers,
    feedForwardDim: transformer.feedForwardDim,
    dropout: transformer.dropout,
    preNorm: transformer.preNorm,
    positionsNormalized: positionEncoding.kind === "sine" && (positionEncoding.normalize ?? true),
    backboneWidth: backbone.width,
    backboneStage: backbone.returnStages.at(-1) ?? 4,
    backboneStem: backbone.stem,
  };
}

/** The model that a run's settings describe: its preset, with the settings on top. */
export function detectorConfig(config: TrainingConfig, numClasses: number): DetectorConfig {
  const preset = presets[config.preset as PresetName];
  return {
    ...preset,
    backbone: { ...preset.backbone, width: config.backboneWidth, returnStages: [config.backboneStage], stem: config.backboneStem },
    positionEncoding: { kind: "sine", normalize: config.positionsNormalized },
    transformer: {
      ...preset.transformer,
      dim: config.hiddenDim,
      heads: config.heads,
      encoderLayers: config.encoderLayers,
      decoderLayers: config.decoderLayers,
      feedForwardDim: config.feedForwardDim,
      dropout: config.dropout,
      preNorm: config.preNorm,
    },
    numClasses,
    numQueries: config.numQueries,
  };
}
