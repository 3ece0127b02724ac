import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Chart } from "./charts.ts";
import { escapeHtml, scriptJson } from "./html.ts";
import { lineColours } from "./line-chart.ts";

/** The style sheet of a report: readable without any other file, in light and dark. */
const reportStyle: string = `
:root {
  color-scheme: light dark;
  --ground: #f7f7f5; --card: #ffffff; --ink: #1d2125; --muted: #6a737d; --line: #e3e3df; --accent: #2f6fd0;
  --right: #2b9348; --wrong: #e8590c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15181c; --card: #1d2126; --ink: #e8eaed; --muted: #9aa4ae; --line: #30363d; --accent: #7fb0ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 1240px; margin: 0 auto; padding: 36px 24px 72px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 40px 0 12px; }
p { margin: 0 0 6px; max-width: 78ch; }
.muted, figcaption { color: var(--muted); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 12px; margin-top: 22px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 12px 11px; }
.tile strong {
  display: block; font-size: 16px; white-space: nowrap; line-height: 1.25; font-variant-numeric: tabular-nums;
}
.tile span { color: var(--muted); font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 14px; }
.card { padding: 14px 14px 8px; min-width: 0; }
.card h3 { font-size: 13.5px; margin: 0 0 6px 4px; font-weight: 600; }
.uplot, .uplot * { font-family: inherit; }
.u-legend { font-size: 12.5px; color: var(--muted); }
.u-legend .u-value { font-variant-numeric: tabular-nums; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); gap: 14px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
figure img { display: block; width: 100%; height: auto; }
figcaption { padding: 6px 12px; font-size: 13px; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.scroll table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
.scroll th, .scroll td {
  text-align: left; padding: 6px 14px; border-bottom: 1px solid var(--line); white-space: nowrap;
}
.scroll tbody tr:last-child td { border-bottom: 0; }
.scroll th { font-weight: 600; color: var(--muted); }
.scroll .figure { text-align: right; font-variant-numeric: tabular-nums; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 7px; }
.bar { width: 34%; min-width: 90px; }
.bar i { display: block; height: 9px; border-radius: 2px; background: var(--accent); }
.scroll .matrix thead th, .scroll .matrix .figure { text-align: center; }
.matrix tbody th { text-align: left; color: var(--ink); }
.data { margin-top: 14px; }
.data svg { display: block; width: 100%; height: auto; }
.data .map { max-width: 260px; margin: 0 auto; }
.data .axis { font-size: 11px; fill: var(--muted); }
.data .rule { stroke: var(--line); }
details summary { cursor: pointer; font-size: 17px; font-weight: 600; margin: 40px 0 12px; }
@media print { .card, figure, .tile { break-inside: avoid; } }
`;

/** Runs in the page: draws `charts` with uPlot and draws them anew when the window or the colour scheme changes. */
const chartsScript: string = `
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const colours = ${JSON.stringify(lineColours)};
  let plots = [];
  const number = (value) => {
    if (value == null) return "-";
    const size = Math.abs(value);
    if (size >= 100) return value.toFixed(0);
    return size >= 0.001 || value === 0 ? String(+value.toPrecision(3)) : value.toExponential(1);
  };
  const draw = () => {
    for (const plot of plots) plot.destroy();
    const style = getComputedStyle(document.documentElement);
    const [ink, line] = [style.getPropertyValue("--muted").trim(), style.getPropertyValue("--line").trim()];
    const thin = { stroke: line, width: 1 };
    const axis = { stroke: ink, grid: thin, ticks: thin, font: "12px system-ui, sans-serif" };
    plots = charts.map((chart) => {
      const box = document.getElementById("chart-" + chart.id);
      const byEpoch = chart.xLabel === "epoch";
      const steps = byEpoch ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] : [0.1, 0.2, 0.5];
      const few = (values) => byEpoch && values.filter((value) => value !== null).length <= 40;
      const options = {
        width: Math.max(240, box.clientWidth), height: 240, cursor: { points: { size: 6 } },
        scales: { x: { time: false }, y: chart.range ? { range: chart.range } : {} },
        axes: [
          { ...axis, label: undefined, incrs: steps },
          { ...axis, size: 58, values: (_, ticks) => ticks.map(number) },
        ],
        series: [{ label: chart.xLabel }, ...chart.series.map((series, index) => ({
          label: series.label, stroke: series.colour ?? colours[index % colours.length], width: 2, spanGaps: true,
          points: { show: few(series.values), size: 6 }, value: (_, value) => number(value),
        }))],
      };
      return new uPlot(options, [chart.x, ...chart.series.map((series) => series.values)], box);
    });
  };
  draw();
  let pending;
  addEventListener("resize", () => { clearTimeout(pending); pending = setTimeout(draw, 150); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
`;

/** The places that the script in the page draws charts into. */
export function chartCards(charts: readonly Chart[]): string {
  return charts
    .map(
      (chart) =>
        `<section class="card"><h3>${escapeHtml(chart.title)}</h3><div id="chart-${chart.id}"></div></section>`,
    )
    .join("\n");
}

/**
 * A page with everything in it that it needs.
 *
 * @param body - HTML below the title, with the cards of the charts in it
 */
export async function htmlPage(title: string, body: string, charts: readonly Chart[]): Promise<string> {
  const packages = createRequire(import.meta.url);
  const [library, librarySheet] = await Promise.all(
    ["uplot/dist/uPlot.iife.min.js", "uplot/dist/uPlot.min.css"].map((file) =>
      readFile(packages.resolve(file), "utf8"),
    ),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${librarySheet ?? ""}${reportStyle}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
<script type="application/json" id="charts">${scriptJson(charts)}</script>
<script>${library ?? ""}</script>
<script>${chartsScript}</script>
</body>
</html>
`;
}
