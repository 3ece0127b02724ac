import type { DetectionTarget } from "@detrkit/boxes";
import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import type { PredictionLoss } from "../loss-term.ts";
import type { PredictionGradient, PredictionGroup } from "../prediction-group.ts";
import { boxL1 } from "./box-l1.ts";
import { focalClassification } from "./focal-classification.ts";
import { generalizedIou } from "./generalized-iou.ts";
import { softmaxClassification } from "./softmax-classification.ts";

const [images, queries, classes] = [2, 5, 3];

/** Predictions in double precision (the terms don't mind), so that finite differences can be small. */
function randomGroup(seed: number): PredictionGroup {
  const random = new Random(seed);
  const target = (count: number): DetectionTarget => ({
    labels: Int32Array.from({ length: count }, () => random.integer(0, classes - 2)),
    boxes: Float32Array.from({ length: 4 * count }, () => random.uniform(0.2, 0.8)),
  });
  return {
    layer: "decoder",
    images,
    queries,
    classes,
    logits: Float64Array.from(
      { length: images * queries * classes },
      () => 2 * random.normal(),
    ) as unknown as Float32Array,
    boxes: Float64Array.from({ length: images * queries * 4 }, () =>
      random.uniform(0.2, 0.8),
    ) as unknown as Float32Array,
    targets: [target(2), target(3)],
    matches: [
      { queries: Int32Array.of(1, 4), targets: Int32Array.of(1, 0) },
      { queries: Int32Array.of(0, 2, 3), targets: Int32Array.of(2, 0, 1) },
    ],
    boxCount: 5,
  };
}

function emptyGradient({ logits, boxes }: PredictionGroup): PredictionGradient {
  return {
    logits: new Float64Array(logits.length) as unknown as Float32Array,
    boxes: new Float64Array(boxes.length) as unknown as Float32Array,
  };
}

function expectFiniteDifferences(term: PredictionLoss, group: PredictionGroup): void {
  const gradient = emptyGradient(group);
  term.evaluate(group, gradient);
  for (const part of ["logits", "boxes"] as const) {
    const values = group[part];
    for (let at = 0; at < values.length; at++) {
      const evaluate = (step: number): number =>
        term.evaluate({ ...group, [part]: values.with(at, (values[at] as number) + step) }, emptyGradient(group));
      const difference = (term.weight * (evaluate(1e-6) - evaluate(-1e-6))) / 2e-6;
      expect(gradient[part][at]).toBeCloseTo(difference, 7);
    }
  }
}

for (const [title, term] of [
  ["softmax classification", softmaxClassification({ weight: 1.7, noObjectWeight: 0.3 })],
  ["focal classification", focalClassification({ weight: 2, alpha: 0.25, gamma: 2 })],
  ["focal classification with another alpha and gamma", focalClassification({ weight: 3, alpha: 0.6, gamma: 1.3 })],
  ["box L1", boxL1({ weight: 5 })],
  ["generalised IoU", generalizedIou({ weight: 2 })],
] as const) {
  test(`${title} has the gradient of finite differences`, () => {
    for (let seed = 11; seed <= 15; seed++) expectFiniteDifferences(term, randomGroup(seed));
  });
}

test("generalised IoU has the right gradient: boxes apart, one inside the other, in both directions", () => {
  const group = randomGroup(1);
  const wanted = [0.5, 0.5, 0.2, 0.3];
  const predicted = [
    [0.1, 0.1, 0.11, 0.12],
    [0.5, 0.52, 0.1, 0.1],
    [0.52, 0.5, 0.7, 0.8],
    [0.8, 0.3, 0.5, 0.2],
    [0.43, 0.9, 0.3, 0.9],
  ];
  expectFiniteDifferences(generalizedIou(), {
    ...group,
    boxes: Float64Array.from([...predicted, ...predicted].flat()) as unknown as Float32Array,
    targets: group.targets.map((target) => ({
      ...target,
      boxes: Float32Array.from(target.labels.length === 2 ? [...wanted, ...wanted] : [...wanted, ...wanted, ...wanted]),
    })),
  });
});

test("terms add their gradient to what is there", () => {
  const group = randomGroup(7);
  const once = emptyGradient(group);
  const twice = emptyGradient(group);
  const term = generalizedIou();
  term.evaluate(group, once);
  term.evaluate(group, twice);
  term.evaluate(group, twice);
  expect([...twice.boxes]).toEqual([...once.boxes].map((slope) => 2 * slope));
});

test("boxes without area have a finite loss and no slope", () => {
  const group = randomGroup(8);
  const points = {
    ...group,
    boxes: new Float32Array(group.boxes.length).fill(0),
    targets: group.targets.map((target) => ({ ...target, boxes: new Float32Array(target.boxes.length) })),
  };
  const gradient = emptyGradient(group);
  expect(generalizedIou().evaluate(points, gradient)).toBe(1);
  expect([...gradient.boxes].every((slope) => slope === 0)).toBe(true);
});

test("logits far out of range keep loss and gradient finite", () => {
  const group = {
    ...randomGroup(9),
    logits: Float32Array.from({ length: images * queries * classes }, (_, at) => (at % 2 === 0 ? 1e4 : -1e4)),
  };
  for (const term of [softmaxClassification(), focalClassification()]) {
    const gradient = emptyGradient(group);
    expect(Number.isFinite(term.evaluate(group, gradient))).toBe(true);
    expect([...gradient.logits].every(Number.isFinite)).toBe(true);
  }
});
