import type { DetectionTarget } from "@detrkit/boxes";
import { Random } from "@detrkit/common";
import { useBackend } from "@detrkit/test-utils";
import { dispose, tensor3d } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  boxL1,
  classProbability,
  focalClass,
  generalizedIou,
  HungarianMatcher,
  type ImagePrediction,
  type MatchCost,
} from "./index.ts";

useBackend("cpu");

const matcher = new HungarianMatcher({
  costs: [classProbability({ weight: 1 }), boxL1({ weight: 5 }), generalizedIou({ weight: 2 })],
});

function randomPrediction(queries: number, classes: number, seed: number): ImagePrediction {
  const random = new Random(seed);
  return {
    queries,
    classes,
    logits: Float32Array.from({ length: queries * classes }, () => 2 * random.normal()),
    boxes: Float32Array.from({ length: queries * 4 }, () => random.uniform(0.05, 0.95)),
  };
}

function randomTarget(count: number, classes: number, seed: number): DetectionTarget {
  const random = new Random(seed);
  return {
    labels: Int32Array.from({ length: count }, () => random.integer(0, classes - 1)),
    boxes: Float32Array.from({ length: count * 4 }, () => random.uniform(0.05, 0.95)),
  };
}

test("each cost of one query and one target worked out by hand", () => {
  const prediction = {
    queries: 1,
    classes: 2,
    logits: Float32Array.from([0, Math.log(3)]),
    boxes: Float32Array.from([0.5, 0.5, 0.5, 0.5]),
  };
  const target = { labels: Int32Array.from([1]), boxes: Float32Array.from([0.5, 0.5, 0.25, 1]) };
  const alone = (cost: MatchCost): number =>
    new HungarianMatcher({ costs: [cost] }).costMatrix(prediction, target)[0] as number;
  expect(alone(classProbability({ weight: 1 }))).toBeCloseTo(-0.75, 6);
  expect(alone(boxL1({ weight: 5 }))).toBeCloseTo(5 * 0.75, 6);
  // Common 0.25·0.5, union 0.25 + 0.25 - 0.125, enclosing 0.5·1.
  expect(alone(generalizedIou({ weight: 2 }))).toBeCloseTo(-2 * (0.125 / 0.375 - (0.5 - 0.375) / 0.5), 6);
  // p = 0.75: 0.25·0.25²·(-ln 0.75) - 0.75·0.75²·(-ln 0.25)
  expect(alone(focalClass({ weight: 2 }))).toBeCloseTo(
    2 * (0.25 * 0.0625 * -Math.log(0.75) - 0.75 * 0.5625 * -Math.log(0.25)),
    6,
  );
});

test("queries that predict the targets exactly get them", () => {
  const target = randomTarget(3, 5, 1);
  const prediction = randomPrediction(7, 5, 2);
  const chosen = [5, 0, 3];
  chosen.forEach((query, at) => {
    prediction.boxes.set(target.boxes.subarray(4 * at, 4 * at + 4), 4 * query);
    prediction.logits.fill(-9, 5 * query, 5 * query + 5);
    prediction.logits[5 * query + (target.labels[at] as number)] = 9;
  });
  const { queries, targets } = matcher.matchImage(prediction, target);
  expect([...queries]).toEqual([0, 3, 5]);
  expect([...targets]).toEqual([1, 2, 0]);
});

test("matching follows its queries when they are permuted", () => {
  const prediction = randomPrediction(13, 7, 3);
  const target = randomTarget(5, 7, 4);
  const order = new Random(5).permutation(13);
  const permuted = {
    ...prediction,
    logits: Float32Array.from(order.flatMap((query) => [...prediction.logits.subarray(7 * query, 7 * query + 7)])),
    boxes: Float32Array.from(order.flatMap((query) => [...prediction.boxes.subarray(4 * query, 4 * query + 4)])),
  };
  const straight = matcher.matchImage(prediction, target);
  const moved = matcher.matchImage(permuted, target);
  const pairs = (queries: number[], targets: Int32Array): string[] =>
    queries.map((query, at) => `${query}-${targets[at]}`).toSorted();
  expect(
    pairs(
      [...moved.queries].map((query) => order[query] as number),
      moved.targets,
    ),
  ).toEqual(pairs([...straight.queries], straight.targets));
});

test("a batch is matched as its images alone, also with no targets or with more targets than queries", async () => {
  const predictions = [6, 7, 8].map((seed) => randomPrediction(5, 3, seed));
  const targets = [randomTarget(2, 3, 9), randomTarget(0, 3, 10), randomTarget(11, 3, 11)];
  const logits = tensor3d(
    predictions.flatMap((one) => [...one.logits]),
    [3, 5, 3],
  );
  const boxes = tensor3d(
    predictions.flatMap((one) => [...one.boxes]),
    [3, 5, 4],
  );
  const matches = await matcher.match({ logits, boxes }, targets);
  dispose([logits, boxes]);
  expect(matches.map(({ queries }) => queries.length)).toEqual([2, 0, 5]);
  expect(matches).toEqual(predictions.map((one, image) => matcher.matchImage(one, targets[image] as DetectionTarget)));
});

test("the focal cost stays finite where a probability rounds to 0 or 1", () => {
  const prediction = { ...randomPrediction(2, 1, 1), logits: Float32Array.from([200, -200]) };
  const costs = new HungarianMatcher({ costs: [focalClass({ weight: 1 })] }).costMatrix(
    prediction,
    randomTarget(1, 1, 1),
  );
  expect([...costs].every(Number.isFinite)).toBe(true);
  expect(costs[0]).toBeLessThan(costs[1] as number);
});

test("predictions that are not finite are refused with image and query", async () => {
  const logits = tensor3d([1, 2, 3, 4, 5, NaN], [1, 3, 2]);
  const boxes = tensor3d(new Float32Array(12), [1, 3, 4]);
  await expect(matcher.match({ logits, boxes }, [randomTarget(1, 2, 1)])).rejects.toMatchObject({
    code: "ERR_NON_FINITE",
    message: expect.stringContaining("HungarianMatcher.match: image 0: logits of query 2 hold NaN") as string,
  });
  dispose([logits, boxes]);
});

test("targets that can't be predicted are refused with the reason", () => {
  const prediction = randomPrediction(3, 5, 1);
  const box = Float32Array.from([0.5, 0.5, 0.1, 0.1]);
  expect(() => matcher.matchImage(prediction, { labels: Int32Array.of(5), boxes: box })).toThrow(
    "target 0 has label 5, but the logits have 5 classes",
  );
  expect(() => matcher.matchImage(prediction, { labels: Int32Array.of(1, 2), boxes: box })).toThrow(
    "got 4 numbers for 2 labels",
  );
  expect(() =>
    matcher.matchImage(prediction, { labels: Int32Array.of(1), boxes: Float32Array.from([0.5, 0.5, -0.1, 0.1]) }),
  ).toThrow("with no negative size");
});

test("boxes with negative sizes are refused: they are no output of a sigmoid", () => {
  const prediction = { ...randomPrediction(1, 2, 1), boxes: Float32Array.from([0.5, 0.5, -0.25, 0.5]) };
  expect(() => matcher.matchImage(prediction, randomTarget(1, 2, 1))).toThrow("query 0 has width -0.25");
});

test("outputs and settings that don't fit are refused", async () => {
  expect(() => new HungarianMatcher({ costs: [] })).toThrow("costs is empty");
  expect(() => focalClass({ weight: 1, alpha: 2 })).toThrow("alpha expected in [0, 1]");
  const logits = tensor3d([1, 2], [1, 1, 2]);
  const boxes = tensor3d([1, 2, 3, 4, 5], [1, 1, 5]);
  await expect(matcher.match({ logits, boxes }, [])).rejects.toThrow("boxes expected [1, 1, 4], got [1, 1, 5]");
  dispose([logits, boxes]);
});
