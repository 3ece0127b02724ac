import type { EpochRecord } from "@detrkit/training";
import type { PartialTrainingConfig } from "../../src/configuration/training-config.ts";
import { flagName } from "../../src/configuration/flag-name.ts";

type TinySettings = PartialTrainingConfig & { readonly data: string; readonly numQueries: number };

/**
 * Small enough for plain JavaScript. With dropout, mirror images and several steps an epoch, so that all that is random
 * takes part.
 */
const tinySizes = {
  data: "shapes:count=7,validation=3,size=32,smallest=8,largest=16,objects=2,classes=2",
  backend: "cpu",
  imageSize: "32x32",
  epochs: 3,
  batchSize: 2,
  dropout: 0.1,
  hiddenDim: 32,
  heads: 2,
  encoderLayers: 1,
  decoderLayers: 2,
  feedForwardDim: 13,
  backboneWidth: 4,
  backboneStem: "3x3pool",
  numQueries: 5,
  evaluateEvery: 2,
  samplePictures: 2,
} satisfies PartialTrainingConfig;

/** A run of the default preset, Deformable DETR. */
export const tinySettings: TinySettings = {
  ...tinySizes,
  backboneStages: [2, 3],
  featureLevels: 2,
  points: 2,
  boxRefinement: true,
};

/** A run of DETR. */
export const tinyDetrSettings: TinySettings = { ...tinySizes, preset: "detr-small" };

/** The same as flags. */
export function tinyFlags(output: string, settings: PartialTrainingConfig = tinySettings): string[] {
  return Object.entries({ ...settings, output }).flatMap(([key, value]) =>
    value === true ? [`--${flagName(key)}`] : [`--${flagName(key)}`, String(value)],
  );
}

/** What of a log does not depend on the clock or the machine. */
export function numbersOf(records: readonly EpochRecord[]): unknown[] {
  return records.map(({ epoch, step, loss, terms, gradientNorm, learningRate, metrics }) => ({
    epoch,
    step,
    loss,
    terms,
    gradientNorm,
    learningRate,
    metrics,
  }));
}
