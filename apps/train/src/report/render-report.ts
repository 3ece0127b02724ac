import { metricNames } from "@detrkit/evaluation";
import { shrinkToWebp } from "@detrkit/image";
import { reportCharts } from "./charts.ts";
import { duration, figure } from "../text.ts";
import { escapeHtml, htmlTable } from "./html.ts";
import { chartCards, htmlPage } from "./page.ts";
import type { ReportData } from "./report-of-run.ts";

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
  const shown = entries.map(
    ([name, value]) => `<div class="tile"><strong>${escapeHtml(value)}</strong><span>${escapeHtml(name)}</span></div>`,
  );
  return `<div class="tiles">${shown.join("")}</div>`;
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
  const overall = ["all classes", ...metricNames.map((name) => figure(evaluation.metrics[name]))];
  const classTable = htmlTable(["class", "objects", "AP", "AP50", "AP75", "AR100"], perClass);
  return `<h2>Last evaluation</h2>
${htmlTable(["COCO", ...metricNames], [overall])}
${perClass.length > 0 ? `<h2>Per class</h2>\n${classTable}` : ""}`;
}

/** Twice the width at which the page shows a picture, for screens that have twice the pixels. */
const pictureWidth = 1200;

async function samples(data: ReportData): Promise<string> {
  if (data.samples.length === 0) return "";
  const figures: string[] = [];
  for (const { name, png } of data.samples) {
    const webp = await shrinkToWebp(png, { width: pictureWidth, name: `picture of ${name}` });
    const source = `data:image/webp;base64,${Buffer.from(webp).toString("base64")}`;
    const text = escapeHtml(name);
    const image = `<img src="${source}" alt="truth and predictions of ${text}" loading="lazy">`;
    figures.push(`<figure>${image}<figcaption>${text}</figcaption></figure>`);
  }
  return `<h2>Truth (dashed) beside predictions</h2>\n<div class="samples">${figures.join("\n")}</div>`;
}

/** A run as one HTML file that needs no other file and no network. */
export async function renderReport(data: ReportData): Promise<string> {
  const charts = reportCharts(data);
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
${await samples(data)}
${evaluationTables(data)}
<details><summary>Settings of the run</summary>
${htmlTable(["setting", "value"], settings)}
</details>`;
  return await htmlPage(data.title, body, charts);
}
