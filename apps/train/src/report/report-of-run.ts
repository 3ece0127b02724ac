import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@detrkit/common";
import type { CocoMetrics } from "@detrkit/evaluation";
import { type EpochRecord, readLog } from "@detrkit/training/run-files";
import { inGroups } from "../configuration/older-config.ts";
import { flattened } from "../configuration/settings-tree.ts";
import { readRunConfig, type RunFolder } from "../training/run-folder.ts";
import { UsageError } from "../usage-error.ts";
import type { ReportData, ReportFacts, SamplePicture } from "./report-data.ts";

type Settings = Readonly<Record<string, unknown>>;

/** What a report of a run shows, put together from what its folder keeps. */
export function reportData(
  config: Settings,
  records: readonly EpochRecord[],
  facts: ReportFacts | undefined,
  samples: readonly SamplePicture[],
): ReportData {
  const last = records.at(-1)?.epoch;
  const older = facts !== undefined && last !== undefined && facts.epoch < last;
  return {
    title: `${config["preset"]} on ${config["data"]}`,
    introduction: [
      ...(facts?.introduction ?? []),
      ...(older
        ? [
            `Pictures and the figures of the last evaluation are those after epoch ${facts.epoch}; ` +
              `the curves go on to epoch ${last}.`,
          ]
        : []),
    ],
    config,
    records,
    evaluation: facts?.evaluation,
    samples,
  };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new DataError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** A run's settings, by their dotted names, and its log. */
export async function readRun(
  folder: RunFolder,
): Promise<{ readonly config: Settings; readonly records: readonly EpochRecord[] }> {
  const config = await readRunConfig(folder);
  const records = await readLog(folder.log);
  if (typeof config !== "object" || config === null)
    throw new UsageError(`${folder.root} holds no run: there is no ${folder.config}`);
  if (records.length === 0) throw new UsageError(`${folder.root}: no epoch is done yet, so there is nothing to report`);
  return { config: flattened(inGroups(config as Settings)), records };
}

async function readSamples({ predictions }: RunFolder, facts: ReportFacts | undefined): Promise<SamplePicture[]> {
  // A run of an older version has pictures, and no list of them.
  const listed =
    facts?.pictures ??
    (existsSync(predictions) ? (await readdir(predictions)).toSorted().map((file) => ({ file, name: file })) : []);
  const there = listed.filter(({ file }) => existsSync(join(predictions, file)));
  return await Promise.all(
    there.map(async ({ file, name }) => ({ name, png: await readFile(join(predictions, file)) })),
  );
}

/** The report of a run folder, from its files alone: no model is run. */
export async function reportOfRun(folder: RunFolder): Promise<ReportData> {
  const { config, records } = await readRun(folder);
  const facts = existsSync(folder.reportFacts) ? ((await readJson(folder.reportFacts)) as ReportFacts) : undefined;
  const data = reportData(config, records, facts, await readSamples(folder, facts));
  if (facts !== undefined || !existsSync(folder.metrics)) return data;
  const metrics = (await readJson(folder.metrics)) as CocoMetrics;
  return {
    ...data,
    introduction: ["The run was made by a version of detrkit that kept no figures by class."],
    evaluation: { metrics, classes: [], precisionRecall: [] },
  };
}
