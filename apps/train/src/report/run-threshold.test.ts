import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { exampleRecord } from "../../test/support/example-run.ts";
import { runFolder } from "../training/run-folder.ts";
import { thresholdOfRun } from "./run-threshold.ts";

const folder = temporaryFolder();

const record = (epoch: number, AP: number | undefined, scoreThreshold?: unknown): string =>
  JSON.stringify({ ...exampleRecord(epoch, AP), scoreThreshold });

test("a run knows the score of its best weights' best F1; what knows none says so", async () => {
  expect(await thresholdOfRun(folder)).toBeUndefined();
  expect(await thresholdOfRun(join(folder, "weights.safetensors"))).toBeUndefined();
  const { bestCheckpoint, config, log } = runFolder(folder);
  await writeFile(config, '{ "data": "shapes" }');
  for (const [lines, threshold] of [
    // checkpoint-best has the weights of the second epoch, not those of the last.
    [[record(1, 0.2, 0.5), record(2, 0.3, 0.6875), record(3, undefined), record(4, 0.3, 0.25)], 0.6875],
    [[record(1, 0.2)], undefined],
    [[record(1, 0.2, "0.3")], undefined],
    [[record(1, 0.2, 0.5).slice(0, 30), record(2, 0.2, 0.5)], undefined],
  ] as const) {
    await writeFile(log, lines.map((line) => `${line}\n`).join(""));
    expect(await thresholdOfRun(folder)).toBe(threshold);
    expect(await thresholdOfRun(bestCheckpoint)).toBe(threshold);
  }
});
