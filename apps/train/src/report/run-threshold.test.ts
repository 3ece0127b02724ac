import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exampleAnalysis } from "../../test/support/example-analysis.ts";
import { runFolder } from "../training/run-folder.ts";
import { thresholdOfRun } from "./run-threshold.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-threshold-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("a run knows the score of its best F1; what knows none says so", async () => {
  expect(await thresholdOfRun(folder)).toBeUndefined();
  expect(await thresholdOfRun(join(folder, "weights.safetensors"))).toBeUndefined();
  const { bestCheckpoint, config, reportFacts } = runFolder(folder);
  await writeFile(config, '{ "data": "shapes" }');
  for (const [content, threshold] of [
    [JSON.stringify({ analysis: exampleAnalysis() }), 0.6875],
    [JSON.stringify({ epoch: 3 }), undefined],
    [JSON.stringify({ analysis: { confidence: { best: { threshold: "0.3" } } } }), undefined],
    ['{ "epoch": 3, "anal', undefined],
  ] as const) {
    await writeFile(reportFacts, content);
    expect(await thresholdOfRun(folder)).toBe(threshold);
    expect(await thresholdOfRun(bestCheckpoint)).toBe(threshold);
  }
});
