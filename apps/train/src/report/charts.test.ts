import { expect, test } from "vitest";
import { exampleAnalysis } from "../../test/support/example-analysis.ts";
import { exampleRecord } from "../../test/support/example-run.ts";
import { reportCharts } from "./charts.ts";

test("precision has no value above the highest score, where nothing is found", () => {
  const records = [exampleRecord(1, 0.25)];
  const chart = reportCharts({
    title: "a run",
    introduction: [],
    config: {},
    records,
    evaluation: undefined,
    samples: [],
    analysis: exampleAnalysis(),
  }).find(({ id }) => id === "confidence");
  const precision = chart?.series.find(({ label }) => label === "precision")?.values ?? [];
  const recall = chart?.series.find(({ label }) => label === "recall")?.values ?? [];
  // The highest score is 0.75, of a detection that is right; x goes from 0 to 1 by hundredths.
  expect([precision[75], recall[75]]).toEqual([1, 0.5]);
  expect([precision[76], recall[76]]).toEqual([null, 0]);
  expect(precision[62]).toBe(0.5);
});
