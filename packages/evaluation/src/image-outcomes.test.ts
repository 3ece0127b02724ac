import { expect, test } from "vitest";
import { cat, detected, dog, scene } from "../test-support/small-scene.ts";
import { evaluateDetections } from "./evaluate-detections.ts";
import { imageOutcomes } from "./image-outcomes.ts";

const box = [10, 10, 20, 20] as const;
const groundTruth = scene([
  { category: cat, box },
  { category: dog, box: [40, 10, 20, 20] },
  { image: 11, category: cat, box },
  { image: 11, category: cat, box: [60, 0, 40, 50], crowd: true },
]);
const detections = [
  detected(cat, 0.9, [15, 10, 20, 20]),
  detected(cat, 0.8, [70, 10, 20, 20]),
  detected(dog, 0.3, [40, 10, 20, 20]),
  detected(cat, 0.9, box, 11),
  detected(cat, 0.9, [70, 10, 10, 10], 11),
];
const evaluation = evaluateDetections({ groundTruth, detections, type: "bbox" });

test("objects found and missed and wrong detections are counted above the score, worst image first", () => {
  expect(imageOutcomes(evaluation, { scoreThreshold: 0.5 })).toEqual([
    { imageId: 7, found: 1, missed: 1, wrong: 1, f1: 0.5, meanIou: 0.6 },
    { imageId: 11, found: 1, missed: 0, wrong: 0, f1: 1, meanIou: 1 },
  ]);
  expect(imageOutcomes(evaluation, { scoreThreshold: 0.25 })[0]).toMatchObject({ found: 2, missed: 0, meanIou: 0.8 });
});

test("an image without objects is done well by silence; its errors come before equal ones with fewer", () => {
  const empty = scene([{ image: 11, category: cat, box }]);
  const found = [detected(dog, 0.9, box), detected(dog, 0.8, [50, 10, 20, 20])];
  const outcomes = (some: typeof found): unknown =>
    imageOutcomes(evaluateDetections({ groundTruth: empty, detections: some, type: "bbox" }), { scoreThreshold: 0.5 });
  expect(outcomes(found)).toEqual([
    { imageId: 7, found: 0, missed: 0, wrong: 2, f1: 0, meanIou: 0 },
    { imageId: 11, found: 0, missed: 1, wrong: 0, f1: 0, meanIou: 0 },
  ]);
  expect(outcomes([])).toEqual([
    { imageId: 11, found: 0, missed: 1, wrong: 0, f1: 0, meanIou: 0 },
    { imageId: 7, found: 0, missed: 0, wrong: 0, f1: 1, meanIou: 0 },
  ]);
});

test("an IoU threshold that was not evaluated is refused", () => {
  expect(() => imageOutcomes(evaluation, { scoreThreshold: 0.5, iouThreshold: 0.3 })).toThrow(
    "imageOutcomes: iouThreshold 0.3 was not evaluated",
  );
});
