import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { metricNames } from "@detrkit/evaluation";
import { duration } from "../training/show-progress.ts";
import { type Chart, reportCharts } from "./charts.ts";
import { chartsScript } from "./charts-script.ts";
import { escapeHtml, htmlTable, scriptJson } from "./html.ts";
import type { ReportData } from "./report-data.ts";
import { reportStyle } from "./report-style.ts";

function figure(value: number | undefined): string {
  return value === undefined || value < 0 ? "-" : value.toFixed(3);
}

function tiles(data: ReportData): string {
  const last = data.records.at(-1);
  const metrics = data.evaluation?.metrics;
  const entries: readonly (readonly [string, string])[] = [
    ["AP", figure(metrics?.AP)],
    ["AP50", figure(metrics?.AP50)],
    ["AP75", figure(metrics?.AP75)],
    ["loss", last === undefined ? "-" : last.loss.toFixed(2)],
    ["epochs", String(last?.epoch ?? 0)],
    ["training", duration(data.records.reduce((sum, record) => sum + record.seconds, 0))],
    ["images/s", last === undefined ? "-" : last.imagesPerSecond.toFixed(1)],
    ["peak memory", last === undefined ? "-" : `${(last.peakMemoryMb / 1024).toFixed(1)} GiB`],
  ];
  return `<div class="tiles">${entries.map(([name, value]) => `<div class="tile"><strong>${escapeHtml(value)}</strong><span>${escapeHtml(name)}</span></div>`).join("")}</div>`;
}

function chartCards(charts: readonly Chart[]): string {
  return charts.map((chart) => `<section class="card"><h3>${escapeHtml(chart.title)}</h3><div id="chart-${chart.id}"></div></section>`).join("\n");
}

function evaluationTables({ evaluation }: ReportData): string {
  if (evaluation === undefined) return "";
  const perClass = evaluation.classes.map(({ label, objects, AP, AP50, AP75, AR100 }) => [label, String(objects), figure(AP), figure(AP50), figure(AP75), figure(AR100)]);
  return `<h2>Last evaluation</h2>
${htmlTable(["COCO", ...metricNames], [["all classes", ...metricNames.map((name) => figure(evaluation.metrics[name]))]])}
<h2>Per class</h2>
${htmlTable(["class", "objects", "AP", "AP50", "AP75", "AR100"], perClass)}`;
}

function samples(data: ReportData): string {
  if (data.samples.length === 0) return "";
  const figures = data.samples.map(({ name, png }) => {
    const source = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
    return `<figure><img src="${source}" alt="truth and predictions of ${escapeHtml(name)}" loading="lazy"><figcaption>${escapeHtml(name)}</figcaption></figure>`;
  });
  return `<h2>Truth (dashed) beside predictions</h2>\n<div class="samples">${figures.join("\n")}</div>`;
}

/** A run as one HTML file that needs no other file and no network. */
export async function renderReport(data: ReportData): Promise<string> {
  const packages = createRequire(import.meta.url);
  const [library, librarySheet] = await Promise.all(
    ["uplot/dist/uPlot.iife.min.js", "uplot/dist/uPlot.min.css"].map((file) => readFile(packages.resolve(file), "utf8")),
  );
  const charts = reportCharts(data);
  const settings = Object.entries(data.config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(data.title)}</title>
<style>${librarySheet ?? ""}${reportStyle}</style>
</head>
<body>
<main>
<h1>${escapeHtml(data.title)}</h1>
${data.introduction.map((paragraph) => `<p class="muted">${escapeHtml(paragraph)}</p>`).join("\n")}
${tiles(data)}
<h2>Curves</h2>
<div class="charts">
${chartCards(charts)}
</div>
${samples(data)}
${evaluationTables(data)}
<details><summary>Settings of the run</summary>
${htmlTable(["setting", "value"], settings)}
</details>
</main>
<script type="application/json" id="charts">${scriptJson(charts)}</script>
<script>${library ?? ""}</script>
<script>${chartsScript}</script>
</body>
</html>
`;
}
