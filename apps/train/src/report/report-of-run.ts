import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CocoMetrics, PanopticFigures } from "@detrkit/evaluation";
import { type EpochRecord, readLog } from "@detrkit/training/run-files";
import { inGroups } from "../configuration/older-config.ts";
import { flattened } from "../configuration/settings-tree.ts";
import type { EvaluationAnalysis } from "../evaluation/analyse-evaluation.ts";
import { readJson } from "../read-file.ts";
import { readRunConfig, type RunFolder } from "../training/run-folder.ts";
import { UsageError } from "../usage-error.ts";
import type { DataStatistics } from "./analysis-sections.ts";
import type { SamplePicture } from "./pictures.ts";

/** How well one class is found. -1 where there is nothing to count. */
export interface ClassFigures {
  readonly label: string;
  /** Decides the class's colour; runs of older versions have none. */
  readonly labelId?: number;
  /** Annotated objects of this class in the evaluated images. */
  readonly objects: number;
  readonly AP: number;
  readonly AP50: number;
  readonly AP75: number;
  readonly AR100: number;
}

/** Precision at IoU 0.5 over COCO's 101 recall levels 0, 0.01 … 1. */
export interface PrecisionRecall {
  readonly label: string;
  readonly labelId?: number;
  readonly precision: readonly number[];
}

/** An evaluation as the report shows it. */
export interface EvaluationSummary {
  readonly metrics: CocoMetrics;
  /** Of masks instead of boxes, and of all pixels: of a model with masks. */
  readonly maskMetrics?: CocoMetrics;
  readonly panoptic?: PanopticFigures & { readonly things?: PanopticFigures; readonly stuff?: PanopticFigures };
  readonly classes: readonly ClassFigures[];
  readonly precisionRecall: readonly PrecisionRecall[];
}

/** What a run's folder keeps for its report, beside settings, log and pictures: `report.json`. */
export interface ReportFacts {
  /** After which epoch evaluation and pictures were made. */
  readonly epoch: number;
  readonly introduction: readonly string[];
  readonly evaluation: EvaluationSummary;
  /** Files in `predictions/` and what they show. */
  readonly pictures: readonly (Omit<SamplePicture, "png"> & { readonly file: string })[];
  /** Runs of older versions have none of these two. */
  readonly analysis?: EvaluationAnalysis;
  readonly data?: DataStatistics;
}

/** Everything that a report shows. */
export interface ReportData {
  readonly title: string;
  /** What the reader should know before the figures: what was trained, on what, and what that means. */
  readonly introduction: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly records: readonly EpochRecord[];
  /** Of the last evaluation. */
  readonly evaluation: EvaluationSummary | undefined;
  readonly samples: readonly SamplePicture[];
  readonly analysis?: EvaluationAnalysis | undefined;
  readonly data?: DataStatistics | undefined;
}

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
    analysis: facts?.analysis,
    data: facts?.data,
  };
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
    there.map(async ({ file, ...picture }) => ({ ...picture, png: await readFile(join(predictions, file)) })),
  );
}

/** What a run's last evaluation left beside its pictures; undefined for a run of an older version. */
export async function readReportFacts({ reportFacts }: RunFolder): Promise<ReportFacts | undefined> {
  return existsSync(reportFacts) ? ((await readJson(reportFacts)) as ReportFacts) : undefined;
}

/** The report of a run folder, from its files alone: no model is run. */
export async function reportOfRun(folder: RunFolder): Promise<ReportData> {
  const { config, records } = await readRun(folder);
  const facts = await readReportFacts(folder);
  const data = reportData(config, records, facts, await readSamples(folder, facts));
  if (facts !== undefined || !existsSync(folder.metrics)) return data;
  const metrics = (await readJson(folder.metrics)) as CocoMetrics;
  return {
    ...data,
    introduction: ["The run was made by a version of detrkit that kept no figures by class."],
    evaluation: { metrics, classes: [], precisionRecall: [] },
  };
}
