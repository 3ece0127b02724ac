import { expect, test } from "vitest";
import { cat, detected, dog, scene } from "../test-support/small-scene.ts";
import { analyseErrors, type ErrorAnalysis } from "./error-kinds.ts";
import { evaluateDetections } from "./evaluate-detections.ts";

const box = [10, 10, 20, 20] as const;

function counts({ errors }: ErrorAnalysis): Record<string, number> {
  return Object.fromEntries(errors.filter(({ count }) => count > 0).map(({ kind, count }) => [kind, count]));
}

function lost({ errors }: ErrorAnalysis, kind: string): number | undefined {
  return errors.find((figures) => figures.kind === kind)?.lostAP;
}

test("each kind is told from the others by place and class", () => {
  const groundTruth = scene([
    { category: cat, box },
    { category: cat, box: [60, 10, 20, 20] },
  ]);
  const kindOf = (category: number, shifted: number): Record<string, number> =>
    counts(analyseErrors({ groundTruth, detections: [detected(category, 0.9, [10 + shifted, 10, 20, 20])] }));
  // IoU of boxes shifted by 5, 10, 19 of 20 pixels: 15/25 = 0.6, 10/30 = 0.33, 1/39 = 0.03.
  expect(kindOf(cat, 5)).toEqual({ missed: 1 });
  expect(kindOf(dog, 5)).toEqual({ classification: 1, missed: 1 });
  expect(kindOf(cat, 10)).toEqual({ localisation: 1, missed: 1 });
  expect(kindOf(dog, 10)).toEqual({ both: 1, missed: 2 });
  expect(kindOf(cat, 19)).toEqual({ background: 1, missed: 2 });
});

test("a second detection of an object is a duplicate, also one that would be mended into one", () => {
  const groundTruth = scene([{ category: cat, box }]);
  const right = detected(cat, 0.5, box);
  const duplicate = analyseErrors({ groundTruth, detections: [detected(cat, 0.9, [15, 10, 20, 20]), right] });
  expect(counts(duplicate)).toEqual({ duplicate: 1 });
  const misplaced = analyseErrors({ groundTruth, detections: [detected(cat, 0.9, [20, 10, 20, 20]), right] });
  // Precision 1/2 at every recall; taking the wrong one away gives 1.
  expect(misplaced.AP).toBeCloseTo(0.5, 12);
  expect(lost(misplaced, "localisation")).toBeCloseTo(0.5, 12);
});

test("mending a kind gives the AP that the right class or box would have", () => {
  const groundTruth = scene([
    { category: cat, box },
    { category: dog, box: [40, 10, 20, 20] },
  ]);
  const detections = [detected(cat, 0.9, box), detected(cat, 0.8, [40, 10, 20, 20])];
  const analysis = analyseErrors({ groundTruth, detections });
  expect(analysis.AP).toBeCloseTo(0.5, 12);
  expect(counts(analysis)).toEqual({ classification: 1 });
  expect(lost(analysis, "classification")).toBeCloseTo(0.5, 12);
  expect(lost(analysis, "background")).toBe(0);
});

test("of several that would become right, the highest score does, and the others go", () => {
  const groundTruth = scene([{ category: cat, box }]);
  const analysis = analyseErrors({
    groundTruth,
    detections: [detected(dog, 0.9, box), detected(dog, 0.8, [15, 10, 20, 20])],
  });
  expect(analysis.AP).toBe(0);
  expect(lost(analysis, "classification")).toBeCloseTo(1, 12);
});

test("without missed objects recall is counted among the others", () => {
  const groundTruth = scene([
    { category: cat, box },
    { category: cat, box: [60, 10, 20, 20] },
  ]);
  const analysis = analyseErrors({ groundTruth, detections: [detected(cat, 0.9, box)] });
  // Precision is 1 up to a recall of 0.5: 51 of 101 recalls.
  expect(analysis.AP).toBeCloseTo(51 / 101, 12);
  expect(lost(analysis, "missed")).toBeCloseTo(50 / 101, 12);
});

test("wrong detections on nothing cost precision", () => {
  const groundTruth = scene([{ category: cat, box }]);
  const analysis = analyseErrors({
    groundTruth,
    detections: [detected(cat, 0.9, [60, 10, 20, 20]), detected(cat, 0.8, box)],
  });
  expect(analysis.AP).toBeCloseTo(0.5, 12);
  expect(lost(analysis, "background")).toBeCloseTo(0.5, 12);
});

test("what lies in a crowd is no error, and AP is that of the evaluation", () => {
  const groundTruth = scene([
    { category: cat, box },
    { category: dog, box: [50, 0, 50, 50], crowd: true },
    { category: dog, box: [45, 10, 10, 20] },
    { image: 11, category: dog, box },
  ]);
  const detections = [
    detected(dog, 0.9, [60, 10, 20, 20]),
    detected(dog, 0.8, [80, 10, 20, 20]),
    detected(dog, 0.7, [12, 10, 20, 20], 11),
    detected(cat, 0.6, [0, 30, 20, 20], 11),
    detected(cat, 0.5, box),
    // Found, and half in the crowd too.
    detected(dog, 0.4, [45, 10, 10, 20]),
  ];
  const analysis = analyseErrors({ groundTruth, detections });
  expect(counts(analysis)).toEqual({ background: 1 });
  expect(analysis.AP).toBeCloseTo(evaluateDetections({ groundTruth, detections, type: "bbox" }).metrics.AP50, 14);
});

test("without objects there is no AP to lose", () => {
  const analysis = analyseErrors({ groundTruth: scene([]), detections: [detected(cat, 0.9, box)] });
  expect(analysis.AP).toBe(-1);
  expect(analysis.errors.map(({ lostAP }) => lostAP)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(() => analyseErrors({ groundTruth: scene([]), detections: [], backgroundThreshold: 0.5 })).toThrow(
    "analyseErrors: expected 0 <= backgroundThreshold < iouThreshold <= 1, got 0.5 and 0.5",
  );
});
