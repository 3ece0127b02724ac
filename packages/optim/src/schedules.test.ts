import { expect, test } from "vitest";
import { constantSchedule, cosineSchedule, stepSchedule } from "./schedules.ts";

const rounded = (value: number): number => Number(value.toFixed(6));

test("a step schedule drops after the given steps, once for each", () => {
  const schedule = stepSchedule({ dropAfter: [3, 5], factor: 0.5 });
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map(schedule)).toEqual([1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]);
});

test("a warm-up rises linearly and never starts at 0", () => {
  expect([0, 1, 2, 3, 4, 5].map(constantSchedule({ warmupSteps: 4 }))).toEqual([0.2, 0.4, 0.6, 0.8, 1, 1]);
  expect(constantSchedule()(0)).toBe(1);
});

test("a warm-up and a drop multiply", () => {
  expect(stepSchedule({ dropAfter: [1], factor: 0.5, warmupSteps: 3 })(1)).toBe(0.25);
});

test("a cosine falls from 1 to its last factor, half way in the middle, and stays there", () => {
  const schedule = cosineSchedule({ totalSteps: 8, finalFactor: 0.2 });
  expect([0, 2, 4, 8, 9].map(schedule).map(rounded)).toEqual([
    1,
    rounded(0.2 + 0.4 * (1 + Math.SQRT1_2)),
    0.6,
    0.2,
    0.2,
  ]);
});

test("a cosine starts to fall where the warm-up ends", () => {
  const schedule = cosineSchedule({ totalSteps: 9, warmupSteps: 1 });
  expect([0, 1, 5, 9].map(schedule).map(rounded)).toEqual([0.5, 1, 0.5, 0]);
  expect(() => cosineSchedule({ totalSteps: 5, warmupSteps: 5 })).toThrow(
    "totalSteps must be more than warmupSteps, got 5 and 5",
  );
});
