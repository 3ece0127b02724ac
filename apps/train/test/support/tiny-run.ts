import type { EpochRecord } from "@detrkit/training";
import { flagName, flattened, type SettingsTree } from "../../src/configuration/settings-tree.ts";

type TinySettings = SettingsTree & { readonly data: string; readonly numQueries: number };

/**
 * Small enough for plain JavaScript. With dropout, mirror images and several steps an epoch, so that all that is random
 * takes part.
 */
const tinySizes = {
  data: "shapes:count=7,validation=3,size=32,smallest=8,largest=16,objects=2,classes=2",
  backend: "cpu",
  transforms: { size: "32x32" },
  epochs: 3,
  batchSize: 2,
  transformer: { dropout: 0.1, dim: 32, heads: 2, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 13 },
  backbone: { width: 4, stem: "3x3pool" },
  numQueries: 5,
  evaluation: { every: 2, pictures: 2 },
};

/** A run of the default preset, Deformable DETR. */
export const tinySettings: TinySettings = {
  ...tinySizes,
  backbone: { ...tinySizes.backbone, returnStages: [2, 3] },
  featureLevels: 2,
  transformer: { ...tinySizes.transformer, encoderPoints: 2, decoderPoints: 2 },
  boxRefinement: true,
};

/** A run of DETR. */
export const tinyDetrSettings: TinySettings = { ...tinySizes, preset: "detr-small" };

/** The same as flags. */
export function tinyFlags(output: string, settings: SettingsTree = tinySettings): string[] {
  return Object.entries(flattened({ ...settings, output })).flatMap(([name, value]) => {
    const flag = `--${flagName(name.split("."))}`;
    return value === true ? [flag] : [flag, String(value)];
  });
}

/** What of a log does not depend on the clock or the machine. */
export function numbersOf(records: readonly EpochRecord[]): unknown[] {
  return records.map(({ epoch, step, loss, terms, gradientNorm, learningRate, metrics, validationLoss }) => ({
    epoch,
    step,
    loss,
    terms,
    gradientNorm,
    learningRate,
    metrics,
    validationLoss,
  }));
}
