import { expect, test } from "vitest";
import { scaledLearningRate } from "./scaled-learning-rate.ts";

const run = { accumulate: 2, batchSize: 4, learningRate: 2e-4 };

test.each([
  ["none", 32, 2e-4, undefined],
  ["linear", 32, 5e-5, "learning rate: 0.0002 × (8/32) = 0.00005, for steps of 8 images instead of 32"],
  ["square-root", 32, 1e-4, "learning rate: 0.0002 × √(8/32) = 0.0001, for steps of 8 images instead of 32"],
  ["square-root", 2, 4e-4, "learning rate: 0.0002 × √(8/2) = 0.0004, for steps of 8 images instead of 2"],
  ["linear", 8, 2e-4, undefined],
] as const)("%s, of a rate for %d images: %d", (rule, images, expected, said) => {
  const { learningRate, explanation } = scaledLearningRate({ ...run, learningRateScaling: { rule, images } });
  expect(learningRate).toBeCloseTo(expected, 12);
  expect(explanation).toBe(said === undefined ? undefined : `${said} (--learning-rate-scaling.rule ${rule})`);
});
