import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { tinySettings } from "../../test/support/tiny-run.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import { chooseBatchSize, withBatchSize } from "./automatic-batch-size.ts";
import type { SettingsTree } from "../configuration/settings-tree.ts";
import { openTrainingData } from "../data/open-data.ts";

useBackend("cpu");

const MiB = 2 ** 20;
/** 3 MiB an image, so 12 MiB for its prepared copies. */
const size = { width: 512, height: 512 };
const measured = { size, resident: 100 * MiB, free: 1000 * MiB, one: 300 * MiB, two: 388 * MiB };

test("as many images are taken as fit into what may be used of the free memory", () => {
  // 100 + 0.7 · 1000 = 800 MiB; 300 for the first, 88 + 12 for each more.
  expect(chooseBatchSize(measured, { meant: 64, images: 100 })).toEqual({
    batchSize: 6,
    text:
      "--batch-size auto: 6 (no more fit; steps with images of 512x512 took 200 MiB for one and about 100 MiB for " +
      "each more, 700 MiB (0.7 of what is free) may be used); --accumulate 11 would make up for the rest",
  });
});

test.each([
  [{ meant: 4, images: 100 }, 4, "the rate is meant for so many"],
  [{ meant: 64, images: 3 }, 3, "(all;"],
])("but of %j no more than %d", (most, batchSize, why) => {
  const chosen = chooseBatchSize(measured, most);
  expect(chosen.batchSize).toBe(batchSize);
  expect(chosen.text).toContain(why);
  expect(chosen.text).not.toContain("--accumulate");
});

test("where two images were too many to try, a second one is expected to take as much as the first", () => {
  const most = { meant: 64, images: 100 };
  expect(chooseBatchSize({ ...measured, one: 500 * MiB, two: undefined }, most).batchSize).toBe(1);
  expect(() => chooseBatchSize({ ...measured, one: 900 * MiB, two: undefined }, most)).toThrow(
    /not even one image fits: .* 800 MiB for one .* Take smaller images/u,
  );
});

test.each<readonly [string, SettingsTree]>([
  ["boxes", {}],
  ["masks", { masks: { contextDim: 64 } }],
  ["masks over a frozen detector", { masks: { contextDim: 64 }, freezeDetector: true, init: "unused" }],
])("steps of a run with %s are measured, leave nothing behind, and its settings have the number", async (_, own) => {
  const config = resolveConfig({ ...tinySettings, ...own, output: "unused", batchSize: "auto" });
  const said: string[] = [];
  const data = await openTrainingData(config, () => {});
  const sized = await withBatchSize(config, data, (line) => said.push(line));
  // The small recipe's rate is meant for 4 images, and tiny images fit anywhere.
  expect([sized.batchSize, sized.file["batchSize"]]).toEqual([4, 4]);
  expect(said[1]).toMatch(/^--batch-size auto: 4 \(the rate is meant for so many; steps with images of 32x32 took/u);
});
