import { expect, test } from "vitest";
import { cat, detected, dog, scene } from "../test-support/small-scene.ts";
import { confusionMatrix } from "./confusion-matrix.ts";

const scoreThreshold = 0.5;
const box = [10, 10, 20, 20] as const;

test("rows are what is there, columns what was said; nothing is the last of both", () => {
  const groundTruth = scene([
    { category: cat, box },
    { category: dog, box: [40, 10, 20, 20] },
    { category: dog, box: [70, 10, 20, 20] },
    { image: 11, category: cat, box },
  ]);
  const detections = [
    detected(cat, 0.9, box),
    detected(cat, 0.8, [40, 10, 20, 20]),
    detected(dog, 0.7, box, 11),
    detected(dog, 0.6, [0, 40, 5, 5]),
    detected(dog, 0.4, [70, 10, 20, 20]),
  ];
  const { categories, counts } = confusionMatrix({ groundTruth, detections, scoreThreshold });
  expect(categories).toEqual([
    { id: cat, name: "cat" },
    { id: dog, name: "dog" },
  ]);
  expect(counts).toEqual([
    [1, 1, 0],
    [1, 0, 1],
    [0, 1, 0],
  ]);
});

test("a pair that fits better is not torn apart by a higher score", () => {
  // IoU of the two boxes is 15 / 25 = 0.6.
  const groundTruth = scene([
    { category: cat, box },
    { category: dog, box: [15, 10, 20, 20] },
  ]);
  const detections = [detected(cat, 0.9, box), detected(cat, 0.8, box), detected(dog, 0.6, [15, 10, 20, 20])];
  expect(confusionMatrix({ groundTruth, detections, scoreThreshold }).counts).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 0],
  ]);
});

test("of two classes for one box the higher score counts, of equal ones the right class", () => {
  const groundTruth = scene([{ category: dog, box }]);
  const said = (score: number): readonly (readonly number[])[] =>
    confusionMatrix({
      groundTruth,
      detections: [detected(cat, score, box), detected(dog, 0.7, box)],
      scoreThreshold,
    }).counts;
  expect(said(0.9)[1]).toEqual([1, 0, 0]);
  expect(said(0.6)[1]).toEqual([0, 1, 0]);
});

test("what lies in a crowd of its class is left out, and the crowd is no object", () => {
  const groundTruth = scene([{ category: cat, box: [0, 0, 60, 50], crowd: true }]);
  const detections = [detected(cat, 0.9, box), detected(dog, 0.9, box)];
  expect(confusionMatrix({ groundTruth, detections, scoreThreshold }).counts).toEqual([
    [0, 0, 0],
    [0, 0, 0],
    [0, 1, 0],
  ]);
});

test("the IoU threshold decides what overlaps enough", () => {
  const groundTruth = scene([{ category: cat, box }]);
  const detections = [detected(cat, 0.9, [15, 10, 20, 20])];
  expect(confusionMatrix({ groundTruth, detections, scoreThreshold }).counts[0]).toEqual([1, 0, 0]);
  const strict = confusionMatrix({ groundTruth, detections, scoreThreshold, iouThreshold: 0.75 });
  expect(strict.counts).toEqual([
    [0, 0, 1],
    [0, 0, 0],
    [1, 0, 0],
  ]);
});

test("a score threshold out of range is refused", () => {
  expect(() => confusionMatrix({ groundTruth: scene([]), detections: [], scoreThreshold: 40 })).toThrow(
    "confusionMatrix: scoreThreshold expected a number from 0 to 1, got 40",
  );
});
