import { randomTargets } from "../../test-support/random-targets.ts";
import { Random } from "@detrkit/common";
import { boxL1 as boxL1Cost, HungarianMatcher } from "@detrkit/matcher";
import { expectClose, expectGradients, uniformTensor, useBackend } from "@detrkit/test-utils";
import { type Tensor, tensor2d, type Tensor2D, type Tensor3D, type Tensor4D, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { maskCrossEntropy, maskDice, maskFocal, type MaskPointsConfig, SetCriterion } from "../index.ts";
import type { PredictionGroup } from "../prediction-group.ts";
import { logitsOfPixels, signsOfPixels } from "./mask-pixels.ts";
import { completeMaskPoints, drawPoints } from "./mask-points.ts";
import { logitsAtPoints, signsAtPoints } from "./values-at-points.ts";

useBackend("cpu");

const criterionAt = (maskPoints: MaskPointsConfig): SetCriterion =>
  new SetCriterion({
    matcher: new HungarianMatcher({ costs: [boxL1Cost({ weight: 1 })] }),
    losses: [maskCrossEntropy({ weight: 1.5 }), maskDice({ weight: 0.5 })],
    maskPoints,
  });

const prediction = (): { logits: Tensor3D; boxes: Tensor3D } => ({
  logits: zeros([2, 3, 2]),
  boxes: uniformTensor([2, 3, 4], { seed: 11, low: 0.2, high: 0.8 }) as Tensor3D,
});

/** The centres of all pixels of an image, `count` times. */
function pixelCentres(count: number, height: number, width: number): Float32Array {
  const centres = Array.from({ length: height * width }, (_, pixel) => [
    ((pixel % width) + 0.5) / width,
    (Math.floor(pixel / width) + 0.5) / height,
  ]);
  return Float32Array.from(Array.from({ length: count }, () => centres).flat(2));
}

test("at the centres of all pixels, logits and targets are those of all pixels", () => {
  tidy(() => {
    const size = { height: 7, width: 11 };
    const points = pixelCentres(3, 7, 11);
    const logits = uniformTensor([3, 4, 5], { seed: 2, low: -2, high: 2 }) as Tensor3D;
    const atPoints = logitsAtPoints(logits, logits.dataSync<"float32">(), points);
    expectClose(atPoints, logitsOfPixels(logits, size), { atol: 1e-5 });
    const targets = randomTargets();
    const matches = [
      { queries: Int32Array.of(0, 2), targets: Int32Array.of(1, 0) },
      { queries: Int32Array.of(1), targets: Int32Array.of(0) },
    ];
    const group = { queries: 3, targets, matches } as unknown as PredictionGroup;
    expectClose(signsAtPoints(size, group, points, 3), signsOfPixels(size, group, 3), { atol: 1e-5 });
  });
});

test("logits at points have the gradient of finite differences, borders and crowded pixels included", () => {
  tidy(() => {
    const random = new Random(5);
    const points = Float32Array.from({ length: 2 * 3 * 13 }, () => random.uniform());
    points.set([0, 0, 1, 1, 0.5, 1, 0.5, 1]);
    expectGradients(
      (input) => logitsAtPoints(input as Tensor3D, input.dataSync<"float32">(), points),
      [uniformTensor([3, 4, 5], { seed: 7 })],
    );
  });
});

test("cross-entropy and dice of a point inside, one on the outline and one outside worked out by hand", () => {
  tidy(() => {
    const masks = {
      logits: tensor2d([Math.log(3), 0, Math.log(3)], [1, 3]),
      signs: tensor2d([1, 0, -1], [1, 3]),
      boxCount: 2,
    };
    // Probabilities 0.75, 0.5 and 0.75; targets 1, 0.5 and 0.
    const entropy = (-Math.log(0.75) + Math.LN2 - Math.log(0.25)) / 3;
    expectClose(maskCrossEntropy().call(masks), entropy / 2);
    expectClose(maskDice().call(masks), (1 - (2 * (0.75 + 0.25) + 1) / (2 + 1.5 + 1)) / 2);
  });
});

test("cross-entropy has the gradient of finite differences, on outlines too", () => {
  tidy(() => {
    const signs = tensor2d([1, -1, -0.4, 1, 0.7, -1, 1, 0, 1, -1], [2, 5]);
    expectGradients(
      (logits) => maskCrossEntropy().call({ logits: logits as Tensor2D, signs, boxCount: 0.1 }),
      [uniformTensor([2, 5], { seed: 2, low: -2, high: 2 })],
    );
  });
});

test("the gradient of losses at points by the predicted masks is that of finite differences", () => {
  tidy(() => {
    // Without those chosen for uncertainty: a step may choose others, and no gradient goes through the choice.
    const criterion = criterionAt({ count: 29, uncertainShare: 0 });
    const targets = randomTargets();
    const compute = (masks: Tensor): Tensor =>
      criterion.call({ ...prediction(), masks: masks as Tensor4D }, targets, { random: new Random(13) }).loss;
    expectGradients(compute, [uniformTensor([2, 3, 4, 3], { seed: 5, low: -2, high: 2 })], { step: 3e-2 });
  });
});

test("many points give nearly the loss of all pixels", () => {
  tidy(() => {
    const masks = uniformTensor([2, 3, 4, 3], { seed: 5, low: -2, high: 2 }) as Tensor4D;
    const call = (maskPoints?: MaskPointsConfig): Tensor =>
      new SetCriterion({
        matcher: new HungarianMatcher({ costs: [boxL1Cost({ weight: 1 })] }),
        losses: [maskCrossEntropy()],
        ...(maskPoints === undefined ? {} : { maskPoints }),
      }).call({ ...prediction(), masks }, randomTargets(), { random: new Random(1) }).loss;
    expectClose(call({ count: 20_000, uncertainShare: 0 }), call(), { rtol: 2e-2 });
  });
});

test("three quarters of the points lie where the mask is uncertain, the others anywhere", () => {
  // The logit rises from the left to the right and is 0 in the middle of each row.
  const map = Float32Array.from({ length: 3 * 101 }, (_, pixel) => (pixel % 101) - 50);
  const points = drawPoints(map, [1, 3, 101], completeMaskPoints({ count: 400 }), new Random(2));
  const distances = Array.from({ length: 400 }, (_, point) => Math.abs((points[2 * point] as number) - 0.5));
  // 300 of 1,200: the nearest quarter.
  expect(Math.max(...distances.slice(0, 300))).toBeLessThan(0.16);
  expect(Math.max(...distances.slice(0, 300))).toBeGreaterThan(0.1);
  expect(distances.slice(300).filter((distance) => distance > 0.25).length).toBeGreaterThan(25);
});

test("a mask of one value has as many points as any other, and so has one that is not a number", () => {
  for (const value of [0, Number.NaN]) {
    const points = drawPoints(
      new Float32Array(12).fill(value),
      [1, 3, 4],
      completeMaskPoints({ count: 40 }),
      new Random(2),
    );
    expect(new Set(points).size).toBeGreaterThan(78);
  }
});

test("the same random numbers give the same loss, others another", () => {
  tidy(() => {
    const criterion = criterionAt({ count: 17 });
    const masks = uniformTensor([2, 3, 4, 3], { seed: 5, low: -2, high: 2 }) as Tensor4D;
    const lossOf = (seed: number): number | undefined =>
      criterion.call({ ...prediction(), masks }, randomTargets(), { random: new Random(seed) }).loss.dataSync()[0];
    expect(lossOf(1)).toBe(lossOf(1));
    expect(lossOf(1)).not.toBe(lossOf(2));
  });
});

test("points without random numbers, impossible numbers of them and losses of whole pixels are refused", () => {
  tidy(() => {
    const masks = zeros([2, 3, 4, 3]) as Tensor4D;
    expect(() => criterionAt({ count: 17 }).call({ ...prediction(), masks }, randomTargets())).toThrow(
      "pass { random: new Random(seed) }",
    );
    expect(() => criterionAt({ count: 0 })).toThrow("maskPoints.count expected a whole number from 1, got 0");
    expect(() => criterionAt({ count: 5, uncertainShare: 2 })).toThrow("uncertainShare in [0, 1], got 3 and 2");
    const matcher = new HungarianMatcher({ costs: [boxL1Cost({ weight: 1 })] });
    expect(() => new SetCriterion({ matcher, losses: [maskFocal()], maskPoints: { count: 5 } })).toThrow(
      '"maskFocal" takes whole pixels, not points between them; with maskPoints take maskCrossEntropy() in its place',
    );
  });
});
