import { basename, resolve } from "node:path";
import { type CocoMetrics, metricNames } from "@detrkit/evaluation";
import type { EpochRecord } from "@detrkit/training";
import { incidentalSettings } from "../configuration/incidental-settings.ts";
import { suggestion, UsageError } from "../usage-error.ts";
import { runFolder } from "../training/run-folder.ts";
import { readReportFacts, readRun, type ReportFacts } from "./report-of-run.ts";

export type MetricName = keyof CocoMetrics;

/** A run among others. */
export interface ComparedRun {
  /** Runs of one name are repetitions of one experiment. */
  readonly name: string;
  readonly folder: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly records: readonly EpochRecord[];
  /** Of the last evaluation; runs of older versions have none. */
  readonly facts?: ReportFacts;
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
    folders.map(async (folder, index) => {
      const facts = await readReportFacts(runFolder(folder));
      const run = { name: names[index] as string, folder, ...(await readRun(runFolder(folder))) };
      return facts === undefined ? run : { ...run, facts };
    }),
  );
}

/** Runs of one experiment, of different seeds. */
export interface RunGroup {
  readonly name: string;
  readonly runs: readonly ComparedRun[];
}

/** A metric after one epoch: its mean over the runs of a group, its least and its greatest value. */
export interface CurvePoint {
  readonly epoch: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** What repetitions of an experiment may differ in. Another number of epochs would make another schedule. */
const incidental: ReadonlySet<string> = new Set([...incidentalSettings, "seed"]);

/** Settings in which runs differ, sorted as the first run has them. */
export function differingSettings(runs: readonly ComparedRun[]): string[] {
  const keys = [...new Set(runs.flatMap(({ config }) => Object.keys(config)))];
  return keys.filter((key) => new Set(runs.map(({ config }) => JSON.stringify(config[key]))).size > 1);
}

/**
 * Puts runs of one name together.
 *
 * @throws UsageError when they are not repetitions of one experiment: their mean would mean nothing
 */
export function groupRuns(runs: readonly ComparedRun[]): RunGroup[] {
  const names = [...new Set(runs.map(({ name }) => name))];
  return names.map((name) => {
    const members = runs.filter((run) => run.name === name);
    const differing = differingSettings(members).filter((key) => !incidental.has(key));
    if (differing.length > 0)
      throw new UsageError(
        `the runs named "${name}" (${members.map(({ folder }) => folder).join(", ")}) ` +
          `differ in ${differing.join(", ")}; only runs of different seeds can share a name`,
      );
    return { name, runs: members };
  });
}

/** A metric over the epochs that every run of a group has it for. */
export function metricCurve({ runs }: RunGroup, metric: MetricName): CurvePoint[] {
  const byRun = runs.map((run) => new Map(evaluatedRecords(run).map(({ epoch, metrics }) => [epoch, metrics[metric]])));
  const epochs = [...(byRun[0]?.keys() ?? [])].toSorted((one, other) => one - other);
  return epochs.flatMap((epoch) => {
    // -1: there was nothing to measure.
    const values = byRun.flatMap((values) => values.get(epoch) ?? []).filter((value) => value >= 0);
    if (values.length < runs.length) return [];
    return [
      {
        epoch,
        mean: values.reduce((sum, value) => sum + value, 0) / values.length,
        low: Math.min(...values),
        high: Math.max(...values),
      },
    ];
  });
}

/** `seed 42`, or `mean and range of seeds 1, 2, 3`. */
export function seedsText({ runs }: RunGroup): string {
  const seeds = runs.map(({ config }) => String(config["seed"]));
  return seeds.length === 1 ? `seed ${seeds[0]}` : `mean and range of seeds ${seeds.join(", ")}`;
}
