import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { CocoGroundTruth, CocoResult } from "./coco-types.ts";
import { analyseErrors } from "./error-kinds.ts";

// Not part of the repository: the data sets have licences of their own.
const folder = fileURLToPath(new URL("../../../../shared/data/coco-eval/voc100", import.meta.url));

test("kinds and losses are those of TIDE", (context) => {
  context.skip(!existsSync(folder), `${folder} is not on this machine`);
  const read = (file: string): unknown => JSON.parse(readFileSync(`${folder}/${file}`, "utf8"));
  const groundTruth = read("gt.json") as CocoGroundTruth;
  const { AP, errors } = analyseErrors({ groundTruth, detections: read("dt_bbox.json") as CocoResult[] });
  // Of tidecv 1.0.1 (github.com/dbolya/tide) with no limit of detections, in per cent.
  expect(AP * 100).toBeCloseTo(61.002968053, 6);
  const shown = errors.map(({ kind, count, lostAP }) => [kind, count, (lostAP * 100).toFixed(6)]);
  expect(shown).toEqual([
    ["classification", 3, "2.455736"],
    ["localisation", 33, "6.143409"],
    ["both", 22, "4.624000"],
    ["duplicate", 2, "0.004680"],
    ["background", 166, "10.910696"],
    ["missed", 35, "7.576955"],
  ]);
});
