import { expect, test } from "vitest";
import { percentile, summarise } from "./statistics.ts";

test("median and extremes, whatever the order", () => {
  expect(summarise([7, 1, 5])).toEqual({ median: 5, least: 1, most: 7 });
  expect(summarise([7, 1, 5, 2])).toEqual({ median: 3.5, least: 1, most: 7 });
});

test("one run that was disturbed does not move the median", () => {
  expect(summarise([10, 11, 12, 13, 9000]).median).toBe(12);
});

test("percentiles are values that were there", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100]);
  expect(percentile([7, 3], 0.99)).toBe(7);
  expect(() => percentile([], 0.5)).toThrow("at least one value");
});

test("nothing to summarise is an error", () => {
  expect(() => summarise([])).toThrow("at least one value");
});
