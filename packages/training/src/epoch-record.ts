import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { DataError } from "@detrkit/common";
import type { CocoMetrics, PanopticFigures } from "@detrkit/evaluation";
import { writeFileAtomic } from "@detrkit/common/files";

/** What one epoch did: a line of `log.jsonl`. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Optimiser steps since the start of the run. */
  readonly step: number;
  /** Mean of the total loss over the epoch's steps. */
  readonly loss: number;
  /**
   * Mean of each loss term of the last decoder layer, and with `encoder.` before its name of a two-stage model's
   * proposals; unweighted, over the epoch's steps.
   */
  readonly terms: Readonly<Record<string, number>>;
  /** Mean norm of all gradients together, before clipping. */
  readonly gradientNorm: number;
  /** The learning rate of the epoch's last step. */
  readonly learningRate: number;
  /** Training images per second, without the evaluation. */
  readonly imagesPerSecond: number;
  /** Seconds of the epoch in which the step waited for data. */
  readonly dataWaitSeconds: number;
  /** Seconds of training. */
  readonly seconds: number;
  /** Largest resident memory of the process so far, in MiB. */
  readonly peakMemoryMb: number;
  /**
   * After the epoch's last step: resident memory of the process in bytes, and how many tensors there are. Missing in
   * logs of older versions.
   */
  readonly memory?: { readonly resident: number; readonly tensors: number };
  /** Only in epochs with an evaluation. */
  readonly metrics?: CocoMetrics;
  /** The same of masks instead of boxes. Only of models with masks, where the data have them too. */
  readonly maskMetrics?: CocoMetrics;
  /** Only of models with masks, where every pixel of the data has a segment. */
  readonly panoptic?: PanopticFigures;
  /**
   * The score from which on detections are worth showing: that of the best F1 at IoU 0.5. Only in epochs with an
   * evaluation, and where a detection was right. Missing in logs of older versions.
   */
  readonly scoreThreshold?: number;
  /**
   * Mean of the total loss over the validation images' batches, without dropout, of the weights that are evaluated.
   * Only in epochs with an evaluation.
   */
  readonly validationLoss?: number;
}

/**
 * Reads a run's log. A line that is not JSON is an error except at the end, where it is what a crash left of it.
 *
 * @returns the records in order, at most one for each epoch: the later one counts
 */
export async function readLog(path: string): Promise<EpochRecord[]> {
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, "utf8")).split("\n");
  const records = new Map<number, EpochRecord>();
  lines.forEach((line, index) => {
    if (line.trim() === "") return;
    try {
      const record = JSON.parse(line) as EpochRecord;
      records.set(record.epoch, record);
    } catch (error) {
      if (index === lines.length - 1) return;
      throw new DataError(`${path}:${index + 1} is not JSON; delete the line to go on`, { cause: error });
    }
  });
  return [...records.values()].toSorted((one, other) => one.epoch - other.epoch);
}

/** What of an epoch decides whether its weights are the best. */
type Measured = Pick<EpochRecord, "metrics" | "maskMetrics">;

/**
 * The figure that weights are chosen by: AP, of masks where these were measured. A mask is right only where its object
 * was found and named as for a box, so it says both; boxes alone could choose weights whose masks became worse.
 */
export function decisiveAp({ metrics, maskMetrics }: Measured): number | undefined {
  return (maskMetrics ?? metrics)?.AP;
}

/**
 * The epoch whose weights `checkpoint-best` has: the first with the highest {@link decisiveAp}. Undefined before an
 * evaluation.
 */
export function bestRecord<Record extends Measured>(records: readonly Record[]): Record | undefined {
  let best: Record | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const record of records) {
    const AP = decisiveAp(record);
    if (AP !== undefined && AP > highest) [best, highest] = [record, AP];
  }
  return best;
}

/** Writes the whole log anew, so that a reader never sees half a line. */
export async function writeLog(path: string, records: readonly EpochRecord[]): Promise<void> {
  await writeFileAtomic(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

/** Sums over an epoch's steps. They are part of the saved state: an epoch that was cut in two logs the same means. */
export interface RunningSums {
  steps: number;
  images: number;
  loss: number;
  gradientNorm: number;
  /** Of the last step, not a sum. */
  learningRate: number;
  seconds: number;
  dataWaitSeconds: number;
  readonly terms: Record<string, number>;
}

/** Sums of an epoch that has not begun. */
export function emptySums(): RunningSums {
  return { steps: 0, images: 0, loss: 0, gradientNorm: 0, learningRate: 0, seconds: 0, dataWaitSeconds: 0, terms: {} };
}

/** What one step adds to the sums. */
export interface StepFigures {
  readonly images: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly seconds: number;
  readonly dataWaitSeconds: number;
  readonly terms: Readonly<Record<string, number>>;
}

/** Adds a step to the sums. */
export function addStep(sums: RunningSums, figures: StepFigures): void {
  sums.steps += 1;
  sums.images += figures.images;
  sums.loss += figures.loss;
  sums.gradientNorm += figures.gradientNorm;
  sums.learningRate = figures.learningRate;
  sums.seconds += figures.seconds;
  sums.dataWaitSeconds += figures.dataWaitSeconds;
  for (const [name, value] of Object.entries(figures.terms)) sums.terms[name] = (sums.terms[name] ?? 0) + value;
}

/** The means over the steps so far. */
export function meansOf(sums: RunningSums): Pick<EpochRecord, "loss" | "gradientNorm" | "terms"> {
  const steps = Math.max(1, sums.steps);
  return {
    loss: sums.loss / steps,
    gradientNorm: sums.gradientNorm / steps,
    terms: Object.fromEntries(Object.entries(sums.terms).map(([name, sum]) => [name, sum / steps])),
  };
}

/**
 * What an epoch did, without its evaluation.
 *
 * @param step - optimiser steps since the start of the run
 * @param tensors - how many there are
 */
export function epochRecord(epoch: number, step: number, sums: RunningSums, tensors: number): EpochRecord {
  return {
    epoch,
    step,
    ...meansOf(sums),
    learningRate: sums.learningRate,
    imagesPerSecond: sums.images / Math.max(sums.seconds, 1e-9),
    dataWaitSeconds: sums.dataWaitSeconds,
    seconds: sums.seconds,
    peakMemoryMb: process.resourceUsage().maxRSS / 1024,
    memory: { resident: process.memoryUsage.rss(), tensors },
  };
}
