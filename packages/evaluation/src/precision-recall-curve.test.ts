import { expect, test } from "vitest";
import { evaluateDetections } from "./evaluate-detections.ts";
import { precisionRecallCurve } from "./precision-recall-curve.ts";

const groundTruth = {
  images: [{ id: 1, width: 101, height: 103 }],
  categories: [{ id: 1 }, { id: 2 }, { id: 3 }],
  annotations: [1, 2].map((category) => ({
    id: category,
    image_id: 1,
    category_id: category,
    bbox: [10, 10, 20, 20] as const,
    area: 400,
  })),
};
const detections = [{ image_id: 1, category_id: 1, bbox: [10, 10, 20, 20] as const, score: 0.5 }];
const evaluation = evaluateDetections({ groundTruth, detections, type: "bbox" });

test("a category's curve, and the mean over those with truth", () => {
  expect(precisionRecallCurve(evaluation, { categoryId: 1 }).precision).toEqual(
    Array.from({ length: 101 }, () => 1 / (1 + Number.EPSILON)),
  );
  const { recall, precision } = precisionRecallCurve(evaluation, { iouThreshold: 0.75 });
  expect([recall.length, recall[0], recall[100]]).toEqual([101, 0, 1]);
  expect(precision[100]).toBeCloseTo(0.5, 14);
  expect(precisionRecallCurve(evaluation, { categoryId: 3 })).toEqual({ recall: [], precision: [] });
});

test("what was not evaluated can't be drawn", () => {
  expect(() => precisionRecallCurve(evaluation, { iouThreshold: 0.3 })).toThrow(
    "iouThreshold 0.3 was not evaluated, expected one of 0.5, 0.55",
  );
  expect(() => precisionRecallCurve(evaluation, { categoryId: 4 })).toThrow("category 4 was not evaluated");
});
