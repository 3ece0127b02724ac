import type { CocoMetrics } from "@detrkit/evaluation";
import type { EpochRecord } from "@detrkit/training";
import type { ComparedRun } from "../../src/report/run-groups.ts";

const nothing: CocoMetrics = {
  AP: 0,
  AP50: 0,
  AP75: 0,
  APs: -1,
  APm: 0,
  APl: 0,
  AR1: 0,
  AR10: 0,
  AR100: 0,
  ARs: -1,
  ARm: 0,
  ARl: 0,
};

/** A line of a log; with an AP, an epoch that was evaluated. */
export function exampleRecord(epoch: number, AP?: number): EpochRecord {
  return {
    epoch,
    step: epoch * 7,
    loss: 10 / epoch,
    terms: { classification: 1 },
    gradientNorm: 3,
    learningRate: 1e-4,
    imagesPerSecond: 5,
    dataWaitSeconds: 0,
    seconds: 11,
    peakMemoryMb: 2048,
    ...(AP === undefined ? {} : { metrics: { ...nothing, AP, AP50: AP * 2 } }),
  };
}

/** A run whose AP after each epoch is given; `undefined` where it was not evaluated. */
export function exampleRun(
  name: string,
  seed: number,
  precisions: readonly (number | undefined)[],
  settings: Readonly<Record<string, unknown>> = {},
): ComparedRun {
  const config = {
    preset: "detr-small",
    data: "voc:../data/bccd",
    "validation.data": "",
    seed,
    epochs: 3,
    output: `runs/${name}-${seed}`,
    ...settings,
  };
  return {
    name,
    folder: `runs/${name}-${seed}`,
    config,
    records: precisions.map((AP, index) => exampleRecord(index + 1, AP)),
  };
}
