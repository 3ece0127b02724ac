import { expect, test } from "vitest";
import { largestDifference } from "./differences.ts";

const numbers = (values: Readonly<Record<string, readonly number[]>>): ReadonlyMap<string, Float32Array> =>
  new Map(Object.entries(values).map(([name, list]) => [name, Float32Array.from(list)]));

const expected = numbers({ large: [0, -8], small: [0.5, 0.25], noise: [1e-9] });

test("the tensor is named whose numbers are furthest, as a share of its largest", () => {
  expect(largestDifference(expected, expected)).toEqual({ relative: 0, where: "" });
  const got = numbers({ large: [1, -8], small: [0.5, 0.375], noise: [1e-9] });
  expect(largestDifference(got, expected)).toEqual({ relative: 0.25, where: "small" });
});

test("a tensor of rounding noise is not compared with itself", () => {
  const { relative } = largestDifference(numbers({ large: [0, -8], small: [0.5, 0.25], noise: [2e-9] }), expected);
  expect(relative).toBeLessThan(1e-5);
});

test.each([
  ["a NaN", { large: [NaN, -8], small: [0.5, 0.25], noise: [1e-9] }, "large"],
  ["one value too few", { large: [0, -8], small: [0.5], noise: [1e-9] }, "small"],
  ["a tensor that is missing", { large: [0, -8], small: [0.5, 0.25] }, "noise"],
  ["a tensor too many", { large: [0, -8], small: [0.5, 0.25], noise: [1e-9], more: [1] }, "more"],
])("%s is a difference", (_, got, where) => {
  expect(largestDifference(numbers(got), expected)).toEqual({ relative: NaN, where });
});
