import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { DataError } from "@detrkit/common";
import type { CocoMetrics } from "@detrkit/evaluation";
import { writeFileAtomic } from "@detrkit/common/files";

/** What one epoch did: a line of `log.jsonl`. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Optimiser steps since the start of the run. */
  readonly step: number;
  /** Mean of the total loss over the epoch's steps. */
  readonly loss: number;
  /** Mean of each loss term of the last decoder layer, and with `encoder.` before its name of a two-stage model's proposals; unweighted, over the epoch's steps. */
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
  /** Only in epochs with an evaluation. */
  readonly metrics?: CocoMetrics;
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

/** Writes the whole log anew, so that a reader never sees half a line. */
export async function writeLog(path: string, records: readonly EpochRecord[]): Promise<void> {
  await writeFileAtomic(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}
