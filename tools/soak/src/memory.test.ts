import { expect, test } from "vitest";
import { growthOf, type MemorySample } from "./memory.ts";

const sample = (minutes: number, resident: number, tensors = 7): MemorySample => ({
  minutes,
  resident,
  tensors,
  batches: 0,
  heap: 0,
  external: 0,
});

test("the growth of resident memory is the slope after the warm-up, in percent an hour", () => {
  const samples = [sample(1, 20), sample(10, 99), sample(20, 100), sample(30, 101)];
  expect(growthOf(samples, 10, 15)?.percentPerHour).toBeCloseTo(6, 9);
  expect(growthOf([sample(10, 100), sample(20, 101), sample(30, 100)], 10, 15)?.percentPerHour).toBeCloseTo(0, 9);
});

test("tensors that are left show", () => {
  expect(growthOf([sample(0, 50, 1), sample(10, 100, 7), sample(40, 100, 9)], 10, 15)?.tensors).toBe(2);
});

test("too short a time is not judged", () => {
  expect(growthOf([sample(1, 20), sample(10, 99), sample(20, 100)], 10, 15)).toBeUndefined();
  expect(growthOf([], 10, 15)).toBeUndefined();
});
