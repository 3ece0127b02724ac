import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Chart } from "./charts.ts";
import { chartsScript } from "./charts-script.ts";
import { escapeHtml, scriptJson } from "./html.ts";
import { reportStyle } from "./report-style.ts";

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
