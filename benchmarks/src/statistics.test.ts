import { expect, test } from "vitest";
import { summarise } from "./statistics.ts";

test("median and extremes, whatever the order", () => {
  expect(summarise([7, 1, 5])).toEqual({ median: 5, least: 1, most: 7 });
  expect(summarise([7, 1, 5, 2])).toEqual({ median: 3.5, least: 1, most: 7 });
});

test("one run that was disturbed does not move the median", () => {
  expect(summarise([10, 11, 12, 13, 9000]).median).toBe(12);
});

test("nothing to summarise is an error", () => {
  expect(() => summarise([])).toThrow("at least one value");
});
