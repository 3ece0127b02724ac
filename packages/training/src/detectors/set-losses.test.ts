import { Random } from "@detrkit/common";
import type { SetCriterion } from "@detrkit/criterion";
import { useBackend } from "@detrkit/test-utils";
import { dispose, ones, type Rank, Tensor, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { focalCriterion, softmaxCriterion } from "./set-losses.ts";

useBackend("cpu");

const nothing = { labels: new Int32Array(), boxes: new Float32Array() };

function lossOfZeros(criterion: SetCriterion, logits: number): number {
  const prediction = { logits: zeros<Rank.R3>([1, 1, logits]), boxes: ones<Rank.R3>([1, 1, 4]) };
  const { loss } = criterion.call(prediction, [nothing]);
  const [value] = loss.dataSync();
  dispose([prediction.logits, prediction.boxes, loss]);
  return value as number;
}

test("Deformable DETR decides each class by itself, with the focal loss", () => {
  // Three classes that are not there, each with probability 1/2: (1 - alpha) · (1/2)² · ln 2, with weight 2.
  expect(lossOfZeros(focalCriterion(), 3)).toBeCloseTo(2 * 3 * 0.75 * 0.25 * Math.LN2, 6);
  const own = focalCriterion({ focalAlpha: 0.5, classification: 3 });
  expect(lossOfZeros(own, 3)).toBeCloseTo(3 * 3 * 0.5 * 0.25 * Math.LN2, 6);
});

test("DETR chooses between the classes and none", () => {
  expect(lossOfZeros(softmaxCriterion(), 4)).toBeCloseTo(Math.log(4), 6);
});

test.each([
  ["softmax", softmaxCriterion, 1],
  ["focal", focalCriterion, 2],
] as const)("%s: the weights of the losses are those of the matching costs", (_, criterionOf, classification) => {
  const { losses, matcher } = criterionOf({ boxL1: 7, generalizedIou: 11 });
  expect(losses.map(({ name, weight }) => [name, weight])).toEqual([
    ["classification", classification],
    ["boxL1", 7],
    ["generalizedIou", 11],
  ]);
  // Two queries with the same class; the first one's box is right, so it is the cheaper one.
  const prediction = {
    queries: 2,
    classes: 4,
    logits: new Float32Array(8),
    boxes: Float32Array.of(0.5, 0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25),
  };
  const target = { labels: Int32Array.of(1), boxes: Float32Array.of(0.5, 0.5, 0.25, 0.25) };
  expect(matcher.matchImage(prediction, target).queries).toEqual(Int32Array.of(0));
});

test.each([
  ["softmax", softmaxCriterion],
  ["focal", focalCriterion],
] as const)("%s: a matching cost may have a weight of its own", (_, criterionOf) => {
  // The first query's class is right, the second one's box.
  const prediction = {
    queries: 2,
    classes: 2,
    logits: Float32Array.of(-4, 4, 4, -4),
    boxes: Float32Array.of(0.5, 0.5, 0.5, 0.25, 0.25, 0.5, 0.25, 0.25),
  };
  const target = { labels: Int32Array.of(1), boxes: Float32Array.of(0.25, 0.5, 0.25, 0.25) };
  const matched = (costs: object): number | undefined =>
    criterionOf({ classification: 1, boxL1: 1, generalizedIou: 1, ...costs }).matcher.matchImage(prediction, target)
      .queries[0];
  expect(matched({ classificationCost: 0 })).toBe(1);
  expect(matched({ boxL1Cost: 0, generalizedIouCost: 0 })).toBe(0);
  expect(matched({ classificationCost: 1, boxL1Cost: 100 })).toBe(1);
  expect(criterionOf({ boxL1: 3, boxL1Cost: 9 }).losses.map(({ weight }) => weight)).toContain(3);
});

test.each([
  ["softmax", softmaxCriterion, 1],
  ["focal", focalCriterion, 2],
] as const)("%s: a model with masks has losses of masks, at points or at all pixels", (_, criterionOf, classes) => {
  const boxes = [
    ["classification", classes],
    ["boxL1", 5],
    ["generalizedIou", 2],
  ];
  const weightsOf = ({ losses }: SetCriterion): unknown => losses.map(({ name, weight }) => [name, weight]);
  expect(weightsOf(criterionOf({ maskDice: 5 }, { numClasses: 3 }))).toEqual(boxes);
  expect(weightsOf(criterionOf({ maskDice: 5 }, { masks: {} }))).toEqual([
    ...boxes,
    ["maskCrossEntropy", 1],
    ["maskDice", 5],
  ]);
  expect(weightsOf(criterionOf({ maskPoints: 0, maskFocal: 3 }, { masks: {} }))).toEqual([
    ...boxes,
    ["maskFocal", 3],
    ["maskDice", 1],
  ]);
});

test("losses at points take as many points as the settings say", () => {
  const criterion = focalCriterion({ maskPoints: 7 }, { masks: {} });
  const target = {
    labels: Int32Array.of(0),
    boxes: Float32Array.of(0.5, 0.5, 1, 1),
    masks: { height: 3, width: 5, data: new Uint8Array(15) },
  };
  let drawn = 0;
  const random = new Random(1);
  const uniform = random.uniform.bind(random);
  random.uniform = (low, high) => {
    drawn += 1;
    return uniform(low, high);
  };
  const prediction = {
    logits: zeros<Rank.R3>([1, 1, 3]),
    boxes: ones<Rank.R3>([1, 1, 4]),
    masks: zeros<Rank.R4>([1, 1, 2, 2]),
  };
  const { loss, terms } = criterion.call(prediction, [target], { random });
  // Two numbers for each point, and for each of three times as many that compete.
  expect(drawn).toBe(2 * 7 * (1 + 3));
  expect((terms["maskCrossEntropy"] as Tensor).dataSync()[0]).toBeCloseTo(Math.LN2, 6);
  dispose([...Object.values(prediction), loss, ...Object.values(terms).filter((term) => term instanceof Tensor)]);
});
