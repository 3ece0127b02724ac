import { basename, resolve } from "node:path";
import { type CocoMetrics, metricNames } from "@detrkit/evaluation";
import type { EpochRecord } from "@detrkit/training";
import { suggestion, UsageError } from "../usage-error.ts";
import { runFolder } from "../training/run-folder.ts";
import { readRun } from "./report-of-run.ts";

export type MetricName = keyof CocoMetrics;

/** A run among others. */
export interface ComparedRun {
  /** Runs of one name are repetitions of one experiment. */
  readonly name: string;
  readonly folder: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly records: readonly EpochRecord[];
}

/** A record that has metrics. */
export type EvaluatedRecord = EpochRecord & { readonly metrics: CocoMetrics };

/** The epochs of a run after which it was evaluated. */
export function evaluatedRecords({ records }: Pick<ComparedRun, "records">): EvaluatedRecord[] {
  return records.filter((record): record is EvaluatedRecord => record.metrics !== undefined);
}

/** The metrics of a list as the user wrote it: `AP,AP50,APs`. */
export function metricsOf(text: string): MetricName[] {
  return text.split(",").map((part) => {
    const name = metricNames.find((known) => known === part.trim());
    if (name === undefined)
      throw new UsageError(
        `--metrics: "${part}" is no metric${suggestion(part, metricNames)}; metrics: ${metricNames.join(", ")}`,
      );
    return name;
  });
}

/** The last parts of the folders' paths, as many of them as tell the folders apart. */
function namesOf(folders: readonly string[]): string[] {
  const parts = folders.map((folder) => resolve(folder).split(/[\\/]/u));
  for (let length = 1; length < Math.max(...parts.map((part) => part.length)); length++) {
    const names = parts.map((part) => part.slice(-length).join("/"));
    if (new Set(names).size === names.length) return names;
  }
  return folders.map((folder) => basename(folder));
}

/**
 * Reads the runs of several folders.
 *
 * @param names - one for each folder; without them the folders' own
 */
export async function readComparedRuns(
  folders: readonly string[],
  names: readonly string[] = namesOf(folders),
): Promise<ComparedRun[]> {
  if (names.length !== folders.length)
    throw new UsageError(
      `--names has ${names.length} names for ${folders.length} runs; write one for each, separated by commas`,
    );
  const twice = folders.find(
    (folder, index) => folders.findIndex((other) => resolve(other) === resolve(folder)) < index,
  );
  if (twice !== undefined) throw new UsageError(`${twice} was named twice`);
  return await Promise.all(
    folders.map(async (folder, index) => ({
      name: names[index] as string,
      folder,
      ...(await readRun(runFolder(folder))),
    })),
  );
}
