import { openDataset, toCocoGroundTruth } from "@detrkit/datasets";
import { DetectionEvaluator } from "@detrkit/evaluation";
import { expect, test } from "vitest";
import { drawnFrom } from "../drawing/draw-boxes.ts";
import { truthBoxes } from "../training/run-pictures.ts";
import { analyseEvaluation } from "./analyse-evaluation.ts";

const dataset = await openDataset("shapes:count=5,validation=5,size=64,objects=3,classes=3", { split: "val" });

/** The truth as detections; of the images at some places nothing is found. */
function evaluated(blind: readonly number[], score = 0.25): Parameters<typeof analyseEvaluation>[0] {
  const evaluator = new DetectionEvaluator({ groundTruth: toCocoGroundTruth(dataset), type: "bbox" });
  const detections = new Map(
    dataset.records.map((record, index) => [
      record.id,
      blind.includes(index) ? [] : truthBoxes(record, dataset).map((box) => ({ ...box, score })),
    ]),
  );
  for (const [id, listed] of detections) evaluator.add(id, listed);
  return { evaluation: evaluator.evaluate(), detections };
}

test("low scores that are right lower the threshold, and images are ranked by what is found", () => {
  const analysis = analyseEvaluation(evaluated([1, 3]), dataset, 2);
  expect(analysis.threshold).toBe(0.25);
  const ids = dataset.records.map(({ id }) => id);
  expect(new Set(analysis.worst.map(({ imageId }) => imageId))).toEqual(new Set([ids[1], ids[3]]));
  expect(analysis.best).toHaveLength(2);
  expect(analysis.best.every(({ f1 }) => f1 === 1)).toBe(true);
  expect(analysis.errors.errors.find(({ kind }) => kind === "missed")?.count).toBeGreaterThan(0);
});

test("where nothing is right the usual threshold stays, and no image is among the best", () => {
  const analysis = analyseEvaluation(evaluated([0, 1, 2, 3, 4]), dataset, 4);
  expect(analysis.threshold).toBe(drawnFrom);
  expect(analysis.best).toEqual([]);
});
