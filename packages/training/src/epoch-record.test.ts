import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { bestRecord, type EpochRecord, readLog, writeLog } from "./epoch-record.ts";

const folder = temporaryFolder();

function record(epoch: number, loss: number): EpochRecord {
  const fixed = { terms: { class: 0.1 }, gradientNorm: 2, learningRate: 1e-4, imagesPerSecond: 5, dataWaitSeconds: 0 };
  return { epoch, step: epoch * 3, loss, ...fixed, seconds: 1, peakMemoryMb: 100 };
}

test("a log that was written reads back the same, to the last bit", async () => {
  const path = join(folder, "round-trip.jsonl");
  const records = [record(1, 0.1 + 0.2), record(2, 1 / 3)];
  await writeLog(path, records);
  expect(await readLog(path)).toEqual(records);
  expect((await readFile(path, "utf8")).trimEnd().split("\n")).toHaveLength(2);
});

test("a run without a log has no records", async () => {
  expect(await readLog(join(folder, "missing.jsonl"))).toEqual([]);
});

test("the half line that a crash left is passed over, one in the middle is an error that names it", async () => {
  const path = join(folder, "torn.jsonl");
  await writeLog(path, [record(1, 2)]);
  await appendFile(path, '{"epoch": 2, "lo');
  expect(await readLog(path)).toEqual([record(1, 2)]);
  await appendFile(path, "\n{}\n");
  await expect(readLog(path)).rejects.toThrow("torn.jsonl:2 is not JSON");
});

test("of two lines for one epoch the later one counts", async () => {
  const path = join(folder, "twice.jsonl");
  await writeFile(path, [record(2, 5), record(1, 7), record(2, 3)].map((line) => `${JSON.stringify(line)}\n`).join(""));
  expect(await readLog(path)).toEqual([record(1, 7), record(2, 3)]);
});

test("the best epoch is the first with the highest AP, also where nothing could be measured", () => {
  const measured = (epoch: number, AP: number): EpochRecord =>
    ({ ...record(epoch, 1), metrics: { AP } }) as unknown as EpochRecord;
  expect(bestRecord([record(1, 1)])).toBeUndefined();
  expect(bestRecord([record(1, 1), measured(2, -1)])?.epoch).toBe(2);
  expect(bestRecord([measured(1, 0.1), measured(2, 0.3), record(3, 1), measured(4, 0.3)])?.epoch).toBe(2);
});
