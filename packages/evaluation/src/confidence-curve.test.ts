import { expect, test } from "vitest";
import { cat, detected, dog, scene } from "../test-support/small-scene.ts";
import { confidenceCurve } from "./confidence-curve.ts";
import { evaluateDetections } from "./evaluate-detections.ts";

const box = [10, 10, 20, 20] as const;
const groundTruth = scene([
  { category: cat, box },
  { category: dog, box: [40, 10, 20, 20] },
  { image: 11, category: dog, box },
]);
const detections = [
  detected(cat, 0.75, box),
  detected(cat, 0.5, [70, 30, 20, 20]),
  detected(dog, 0.45, [40, 10, 20, 20]),
  detected(dog, 0.25, [80, 0, 20, 20]),
];
const evaluation = evaluateDetections({ groundTruth, detections, type: "bbox" });

test("the best F1 is found, with a threshold between two scores", () => {
  // Kept 1: F1 2/4. Kept 2: 2/5. Kept 3: 4/6. Kept 4: 4/7.
  const { best } = confidenceCurve(evaluation);
  expect(best?.f1).toBeCloseTo(4 / 6, 14);
  expect(best?.threshold).toBeCloseTo(0.35, 14);
  expect(best?.precision).toBeCloseTo(2 / 3, 14);
  expect(best?.recall).toBeCloseTo(2 / 3, 14);
});

test("the curve goes from all detections to none", () => {
  const { points } = confidenceCurve(evaluation);
  expect(points.map(({ threshold }) => threshold)).toEqual(Array.from({ length: 101 }, (_, index) => index / 100));
  expect(points[0]).toEqual({ threshold: 0, precision: 0.5, recall: 2 / 3, f1: 4 / 7 });
  expect(points[50]).toEqual({ threshold: 0.5, precision: 0.5, recall: 1 / 3, f1: 2 / 5 });
  expect(points[75]?.precision).toBe(1);
  expect(points[100]).toEqual({ threshold: 1, precision: 1, recall: 0, f1: 0 });
});

test("one class alone", () => {
  expect(confidenceCurve(evaluation, { categoryId: cat }).best).toEqual({
    threshold: 0.625,
    precision: 1,
    recall: 1,
    f1: 1,
  });
  expect(() => confidenceCurve(evaluation, { categoryId: 5 })).toThrow("category 5 was not evaluated");
  expect(() => confidenceCurve(evaluation, { iouThreshold: 0.3 })).toThrow("iouThreshold 0.3 was not evaluated");
});

test("equal scores are kept together", () => {
  const tied = [detected(cat, 0.5, box), detected(cat, 0.5, [70, 30, 20, 20])];
  const { best } = confidenceCurve(evaluateDetections({ groundTruth, detections: tied, type: "bbox" }));
  expect(best).toEqual({ threshold: 0.5, precision: 0.5, recall: 1 / 3, f1: 2 / 5 });
});

test("crowds are no objects, and without a right detection nothing is suggested", () => {
  const crowded = scene([
    { category: cat, box, crowd: true },
    { category: dog, box: [40, 10, 20, 20] },
  ]);
  const only = evaluateDetections({ groundTruth: crowded, detections: [detected(cat, 0.9, box)], type: "bbox" });
  const { points, best } = confidenceCurve(only);
  expect(points[0]).toEqual({ threshold: 0, precision: 1, recall: 0, f1: 0 });
  expect(best).toBeUndefined();
  expect(confidenceCurve(evaluateDetections({ groundTruth: scene([]), detections: [], type: "bbox" }))).toEqual({
    points: [],
    best: undefined,
  });
});
