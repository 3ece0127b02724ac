import type { CocoMetrics } from "@detrkit/evaluation";
import { expect, test } from "vitest";
import { renderComparison } from "./render-comparison.ts";
import { exampleAnalysis } from "../../test/support/example-analysis.ts";
import { exampleRecord, exampleRun } from "../../test/support/example-run.ts";

/** The rows of each table, cells joined by a bar. */
function tables(html: string): string[][] {
  return [...html.matchAll(/<tbody>(.*?)<\/tbody>/gsu)].map(([, body = ""]) =>
    [...body.matchAll(/<tr>(.*?)<\/tr>/gsu)].map(([, row = ""]) =>
      [...row.matchAll(/<td[^>]*>(.*?)<\/td>/gsu)].map(([, cell]) => cell).join("|"),
    ),
  );
}

const runs = [
  exampleRun("a", 1, [0.25, 0.5, 0.375], { learningRate: 1e-4 }),
  exampleRun("a", 2, [0.25, undefined, 0.625], { learningRate: 1e-4 }),
  exampleRun("<b>", 1, [0.125], { learningRate: 2e-4 }),
];

test("last and best figures, means of the seeds, costs and differing settings stand in tables", async () => {
  const [last, best, means, costs, settings] = tables(await renderComparison(runs, "Both"));
  expect(last).toEqual([
    "a, seed 1|3|0.375|0.750|0.000|-|0.000|0.000",
    "a, seed 2|3|0.625|1.250|0.000|-|0.000|0.000",
    "&lt;b&gt;|1|0.125|0.250|0.000|-|0.000|0.000",
  ]);
  expect(best?.[0]).toBe("a, seed 1|2|0.500|1.000|0.000|-|0.000|0.000");
  expect(means).toEqual([
    "a, 2 seeds|3|0.500 (0.375-0.625)|1.000 (0.750-1.250)|0.000 (0.000-0.000)|-|" +
      "0.000 (0.000-0.000)|0.000 (0.000-0.000)",
  ]);
  expect(costs?.[0]).toBe("a, seed 1|detr-small|1|3|21|3.33|5.0|33 s|2.0 GiB");
  expect(settings).toEqual(["seed|1|2|1", "learningRate|0.0001|0.0001|0.0002"]);
});

test("each run is a line of each chart, with gaps where it was not evaluated", async () => {
  const html = await renderComparison(runs, "Both");
  const charts = JSON.parse(/id="charts">(.*?)<\/script>/su.exec(html)?.[1] ?? "") as {
    id: string;
    x: number[];
    series: { label: string; values: (number | null)[] }[];
  }[];
  expect(charts.map(({ id }) => id)).toEqual(["AP", "AP50", "APm", "APl", "loss", "speed"]);
  expect(charts[0]).toMatchObject({
    x: [1, 2, 3],
    series: [
      { values: [0.25, 0.5, 0.375] },
      { label: "a, seed 2", values: [0.25, null, 0.625] },
      { label: "<b>", values: [0.125, null, null] },
    ],
  });
  expect(html).not.toContain("<b>");
});

test("runs are compared by their masks where any has them", async () => {
  const run = exampleRun("new", 1, [0.5]);
  const [record] = run.records;
  if (record?.metrics === undefined) throw new Error("the example's epoch has metrics");
  const maskMetrics = { ...record.metrics, AP: 0.375, AP50: 0.625 };
  const masked = { ...run, records: [{ ...record, maskMetrics, panoptic: { PQ: 0.25, SQ: 0.5, RQ: 0.5 } }] };
  const html = await renderComparison([masked, exampleRun("old", 1, [0.5])], "x");
  expect(tables(html)[0]?.map((row) => row.split("|").slice(-3))).toEqual([
    ["0.375", "0.625", "0.250"],
    ["-", "-", "-"],
  ]);
});

test("runs that keep what went wrong are compared by kinds of errors and by class", async () => {
  const figuresOf = (AP: number) => ({ objects: 7, AP, AP50: AP, AP75: AP, AR100: AP });
  const evaluation = {
    metrics: exampleRecord(1, 0.5).metrics as CocoMetrics,
    classes: [
      { label: "cat", ...figuresOf(0.25) },
      { label: "dog", ...figuresOf(0.75) },
    ],
    precisionRecall: [],
  };
  const facts = { epoch: 1, introduction: [], evaluation, pictures: [], analysis: exampleAnalysis() };
  const html = await renderComparison([{ ...exampleRun("new", 1, [0.5]), facts }, exampleRun("old", 1, [0.5])], "x");
  expect(tables(html)[2]).toEqual(["new|0.667|0.69|0.500|0.000|0.000|0.000|0.000|0.000", "old|-|-|-|-|-|-|-|-"]);
  expect(tables(html)[3]).toEqual(["cat|0.250|-", "dog|0.750|-"]);
});
