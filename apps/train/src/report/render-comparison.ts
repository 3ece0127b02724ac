import { errorKinds } from "@detrkit/evaluation";
import { bestRecord, type EpochRecord } from "@detrkit/training/run-files";
import {
  type ComparedRun,
  differingSettings,
  type EvaluatedRecord,
  evaluatedRecords,
  groupRuns,
  metricCurve,
  type RunGroup,
} from "./run-groups.ts";
import { comparisonCharts } from "./charts.ts";
import { duration, figure } from "../text.ts";
import { htmlTable } from "./html.ts";
import { chartCards, htmlPage } from "./page.ts";

const shownMetrics = ["AP", "AP50", "AP75", "APs", "APm", "APl"] as const;

const maskColumns: readonly { readonly name: string; readonly of: (record: EpochRecord) => number | undefined }[] = [
  { name: "mask AP", of: ({ maskMetrics }) => maskMetrics?.AP },
  { name: "mask AP50", of: ({ maskMetrics }) => maskMetrics?.AP50 },
  { name: "PQ", of: ({ panoptic }) => panoptic?.PQ },
];

/** One name for each run: those that share theirs are told apart by their seed. */
function labelsOf(runs: readonly ComparedRun[]): string[] {
  return runs.map(({ name, config }) =>
    runs.filter((run) => run.name === name).length > 1 ? `${name}, seed ${config["seed"]}` : name,
  );
}

function metricsTable(
  runs: readonly ComparedRun[],
  labels: readonly string[],
  choose: (evaluated: readonly EvaluatedRecord[]) => EvaluatedRecord | undefined,
): string {
  const records = runs.map((run) => choose(evaluatedRecords(run)));
  // Columns of masks, where any of the runs has them.
  const further = maskColumns.filter(({ of }) => records.some((record) => record && of(record) !== undefined));
  const rows = records.map((record, index) => [
    labels[index] as string,
    String(record?.epoch ?? "-"),
    ...shownMetrics.map((name) => figure(record?.metrics[name])),
    ...further.map(({ of }) => figure(record && of(record))),
  ]);
  return htmlTable(["run", "epoch", ...shownMetrics, ...further.map(({ name }) => name)], rows);
}

function costTable(runs: readonly ComparedRun[], labels: readonly string[]): string {
  const rows = runs.map(({ records, config }, index) => {
    const last = records.at(-1);
    const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
    const speed = records.reduce((sum, record) => sum + record.imagesPerSecond, 0) / records.length;
    return [
      labels[index] as string,
      String(config["preset"]),
      String(config["seed"]),
      String(last?.epoch ?? 0),
      (last?.step ?? 0).toLocaleString("en"),
      last?.loss.toFixed(2) ?? "-",
      speed.toFixed(1),
      duration(seconds),
      `${((last?.peakMemoryMb ?? 0) / 1024).toFixed(1)} GiB`,
    ];
  });
  return htmlTable(
    ["run", "preset", "seed", "epochs", "steps", "last loss", "images/s", "training", "peak memory"],
    rows,
  );
}

/** Mean and range after the last epoch for which all seeds have figures. */
function seedsTable(groups: readonly RunGroup[]): string {
  const repeated = groups.filter(({ runs }) => runs.length > 1);
  if (repeated.length === 0) return "";
  const rows = repeated.map((group) => {
    const lasts = shownMetrics.map((name) => metricCurve(group, name).at(-1));
    const texts = lasts.map((point) =>
      point === undefined ? "-" : `${figure(point.mean)} (${figure(point.low)}-${figure(point.high)})`,
    );
    return [`${group.name}, ${group.runs.length} seeds`, String(lasts[0]?.epoch ?? "-"), ...texts];
  });
  const heading = "<h2>Mean and range of the seeds, after the last evaluation that all have</h2>";
  return `${heading}\n${htmlTable(["runs", "epoch", ...shownMetrics], rows)}`;
}

function differences(runs: readonly ComparedRun[], labels: readonly string[]): string {
  const keys = differingSettings(runs).filter((key) => key !== "output");
  const shown = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "-"));
  if (keys.length === 0) return `<h2>Settings</h2>\n<p class="muted">All runs have the same.</p>`;
  return `<h2>Settings in which the runs differ</h2>\n${htmlTable(
    ["setting", ...labels],
    keys.map((key) => [key, ...runs.map(({ config }) => shown(config[key]))]),
  )}`;
}

/** What each kind of errors costs, and from which score on detections are best kept. */
function errorsTable(runs: readonly ComparedRun[], labels: readonly string[]): string {
  const analyses = runs.map(({ facts }) => facts?.analysis);
  if (analyses.every((analysis) => analysis === undefined)) return "";
  const rows = analyses.map((analysis, index) => [
    labels[index] as string,
    figure(analysis?.confidence.best?.f1),
    analysis?.confidence.best?.threshold.toFixed(2) ?? "-",
    ...errorKinds.map(
      (kind) => analysis?.errors.errors.find((figures) => figures.kind === kind)?.lostAP.toFixed(3) ?? "-",
    ),
  ]);
  return `<h2>AP50 that each kind of errors costs, and the best F1</h2>
${htmlTable(["run", "F1", "from score", ...errorKinds], rows)}`;
}

/** AP of every class that any of the runs was measured on. */
function classesTable(runs: readonly ComparedRun[], labels: readonly string[]): string {
  const names = [...new Set(runs.flatMap(({ facts }) => facts?.evaluation.classes.map(({ label }) => label) ?? []))];
  if (names.length < 2) return "";
  const rows = names.map((name) => [
    name,
    ...runs.map(({ facts }) => figure(facts?.evaluation.classes.find(({ label }) => label === name)?.AP)),
  ]);
  return `<h2>AP of each class, after the last evaluation</h2>\n${htmlTable(["class", ...labels], rows)}`;
}

/** Several runs beside each other, as one HTML file that needs no other file and no network. */
export async function renderComparison(runs: readonly ComparedRun[], title: string): Promise<string> {
  const labels = labelsOf(runs);
  const charts = comparisonCharts(runs, labels);
  const body = `<h2>After the last evaluation</h2>
${metricsTable(runs, labels, (evaluated) => evaluated.at(-1))}
<h2>After the best epoch of each, by AP, of masks where there are any</h2>
${metricsTable(runs, labels, bestRecord)}
${seedsTable(groupRuns(runs))}
${errorsTable(runs, labels)}
${classesTable(runs, labels)}
<h2>Curves</h2>
<div class="charts">
${chartCards(charts)}
</div>
<h2>What they took</h2>
${costTable(runs, labels)}
${differences(runs, labels)}`;
  return await htmlPage(title, body, charts);
}
