import type { RunSettings } from "../configuration/run-settings.ts";

/** What the learning rate depends on. */
export type ScaledSettings = Pick<RunSettings, "accumulate" | "learningRate" | "learningRateScaling"> & {
  readonly batchSize: number;
};

/** The learning rate of a run, and in one line how it came about; undefined where it is the one that was set. */
export interface ScaledLearningRate {
  readonly learningRate: number;
  readonly explanation: string | undefined;
}

const shown = (rate: number): string => String(Number(rate.toPrecision(4)));

/** The learning rate for steps of as many images as this run's. */
export function scaledLearningRate({
  accumulate,
  batchSize,
  learningRate: set,
  learningRateScaling: { images: meant, rule },
}: ScaledSettings): ScaledLearningRate {
  const images = batchSize * accumulate;
  if (rule === "none" || images === meant) return { learningRate: set, explanation: undefined };
  const ratio = images / meant;
  const learningRate = set * (rule === "linear" ? ratio : Math.sqrt(ratio));
  const factor = `${rule === "linear" ? "" : "√"}(${images}/${meant})`;
  const explanation =
    `learning rate: ${shown(set)} × ${factor} = ${shown(learningRate)}, for steps of ${images} images instead of ` +
    `${meant} (--learning-rate-scaling.rule ${rule})`;
  return { learningRate, explanation };
}
