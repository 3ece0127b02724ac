import { expect, test } from "vitest";
import { DetectionEvaluator } from "./detection-evaluator.ts";
import { detectionsToCocoResults } from "./detections-to-coco-results.ts";
import { evaluateDetections } from "./evaluate-detections.ts";

const groundTruth = {
  images: [
    { id: 7, width: 101, height: 103 },
    { id: 11, width: 101, height: 103 },
  ],
  categories: [
    { id: 13, name: "cat" },
    { id: 17, name: "dog" },
  ],
  annotations: [
    { id: 1, image_id: 7, category_id: 13, bbox: [10, 20, 30, 40], area: 1200 },
    { id: 2, image_id: 11, category_id: 17, bbox: [5, 5, 60, 60], area: 3600 },
  ],
} as const;
const cat = { labelId: 0, score: 0.9, box: { xmin: 10, ymin: 20, xmax: 40, ymax: 60 } };
const dog = { labelId: 1, score: 0.8, box: { xmin: 5, ymin: 5, xmax: 65, ymax: 65 } };

test("adding image by image equals evaluating at once", () => {
  const evaluator = new DetectionEvaluator({ groundTruth, type: "bbox", labelCategoryIds: [13, 17] });
  evaluator.add(11, [dog]);
  expect(evaluator.evaluate().metrics.AR100).toBe(0.5);
  evaluator.add(7, [cat]);
  expect(evaluator.evaluate().metrics).toEqual(
    evaluateDetections({ groundTruth, detections: evaluator.results, type: "bbox" }).metrics,
  );
  expect(evaluator.evaluate().metrics.AP).toBeCloseTo(1, 14);
});

test("detections become left, top, width, height", () => {
  expect(detectionsToCocoResults([cat], { imageId: 7, categoryIds: [13, 17] })).toEqual([
    { image_id: 7, category_id: 13, bbox: [10, 20, 30, 40], score: 0.9 },
  ]);
  expect(detectionsToCocoResults([{ ...cat, labelId: 17 }], { imageId: 7 })[0]?.category_id).toBe(17);
});

test("boxes are cut off at the border of an image whose size is given", () => {
  const over = { ...cat, box: { xmin: -4, ymin: 90, xmax: 7, ymax: 110 } };
  expect(detectionsToCocoResults([over], { imageId: 7, size: { width: 101, height: 103 } })[0]?.bbox).toEqual([
    0, 90, 7, 13,
  ]);
  expect(detectionsToCocoResults([over], { imageId: 7 })[0]?.bbox).toEqual([-4, 90, 11, 20]);
});

test("an image or label that the truth doesn't know is refused when it is added", () => {
  const evaluator = new DetectionEvaluator({ groundTruth, type: "bbox", labelCategoryIds: [13, 17] });
  expect(() => evaluator.add(8, [cat])).toThrow(
    "DetectionEvaluator: results[0]: image_id 8 is not among the ground truth's images",
  );
  expect(() => evaluator.add(7, [{ ...cat, labelId: 2 }])).toThrow("label 2 has no category; categoryIds knows 0 to 1");
  expect(evaluator.results).toEqual([]);
});
