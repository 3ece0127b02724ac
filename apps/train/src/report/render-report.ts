import { type CocoMetrics, metricNames, type PanopticFigures } from "@detrkit/evaluation";
import { dataSections, errorSections } from "./analysis-sections.ts";
import { reportCharts } from "./charts.ts";
import { duration, figure } from "../text.ts";
import { escapeHtml, htmlTable } from "./html.ts";
import { chartCards, htmlPage } from "./page.ts";
import { pictureSections } from "./pictures.ts";
import type { EvaluationSummary, ReportData } from "./report-of-run.ts";

function tiles(data: ReportData): string {
  const last = data.records.at(-1);
  const { metrics, maskMetrics, panoptic } = data.evaluation ?? {};
  const entries: readonly (readonly [string, string])[] = [
    ["AP", figure(metrics?.AP)],
    ["AP50", figure(metrics?.AP50)],
    ["AP75", figure(metrics?.AP75)],
    ...(maskMetrics === undefined
      ? []
      : ([
          ["mask AP", figure(maskMetrics.AP)],
          ["mask AP50", figure(maskMetrics.AP50)],
        ] as const)),
    ...(panoptic === undefined ? [] : ([["PQ", figure(panoptic.PQ)]] as const)),
    ["best threshold", data.analysis?.confidence.best?.threshold.toFixed(2) ?? "-"],
    ["loss", last === undefined ? "-" : last.loss.toFixed(2)],
    ["epochs", String(last?.epoch ?? 0)],
    ["training", duration(data.records.reduce((sum, record) => sum + record.seconds, 0))],
    ["images/s", last === undefined ? "-" : last.imagesPerSecond.toFixed(1)],
    ["peak memory", last === undefined ? "-" : `${(last.peakMemoryMb / 1024).toFixed(1)} GiB`],
  ];
  const shown = entries.map(
    ([name, value]) => `<div class="tile"><strong>${escapeHtml(value)}</strong><span>${escapeHtml(name)}</span></div>`,
  );
  return `<div class="tiles">${shown.join("")}</div>`;
}

function panopticTable({ things, stuff, ...all }: NonNullable<EvaluationSummary["panoptic"]>): string {
  const row = (name: string, { PQ, SQ, RQ }: PanopticFigures): string[] => [name, figure(PQ), figure(SQ), figure(RQ)];
  const rows = Object.entries({ "all classes": all, things, stuff }).flatMap(([name, figures]) =>
    figures === undefined ? [] : [row(name, figures)],
  );
  return `<h2>Panoptic quality</h2>
${htmlTable(["", "PQ", "SQ", "RQ"], rows)}`;
}

function evaluationTables({ evaluation }: ReportData): string {
  if (evaluation === undefined) return "";
  const perClass = evaluation.classes.map(({ label, objects, AP, AP50, AP75, AR100 }) => [
    label,
    String(objects),
    figure(AP),
    figure(AP50),
    figure(AP75),
    figure(AR100),
  ]);
  const { metrics, maskMetrics, panoptic } = evaluation;
  const row = (name: string, figures: CocoMetrics): string[] => [
    name,
    ...metricNames.map((metric) => figure(figures[metric])),
  ];
  const overall =
    maskMetrics === undefined ? [row("all classes", metrics)] : [row("boxes", metrics), row("masks", maskMetrics)];
  const classTable = htmlTable(["class", "objects", "AP", "AP50", "AP75", "AR100"], perClass);
  return `<h2>Last evaluation</h2>
${htmlTable(["COCO", ...metricNames], overall)}
${panoptic === undefined ? "" : panopticTable(panoptic)}
${perClass.length > 0 ? `<h2>Per class</h2>\n${classTable}` : ""}`;
}

/** A run as one HTML file that needs no other file and no network. */
export async function renderReport(data: ReportData): Promise<string> {
  const charts = reportCharts(data);
  const pictures = await pictureSections(data.samples);
  const settings = Object.entries(data.config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const body = `${data.introduction.map((paragraph) => `<p class="muted">${escapeHtml(paragraph)}</p>`).join("\n")}
${tiles(data)}
<h2>Curves</h2>
<div class="charts">
${chartCards(charts)}
</div>
${pictures.predictions}
${data.analysis === undefined ? "" : errorSections(data.analysis)}
${evaluationTables(data)}
${pictures.batches}
${data.data === undefined ? "" : dataSections(data.data)}
<details><summary>Settings of the run</summary>
${htmlTable(["setting", "value"], settings)}
</details>`;
  return await htmlPage(data.title, body, charts);
}
