import { expect, test } from "vitest";
import { spreadLabels, axisTicks } from "./line-chart.ts";

test("labels with room stay where they are", () => {
  expect(spreadLabels([50, 10, 30], 7, 0, 100)).toEqual([50, 10, 30]);
});

test("labels that would overlap move apart and keep their order", () => {
  expect(spreadLabels([31, 30, 60], 7, 0, 100)).toEqual([37, 30, 60]);
  expect(spreadLabels([99, 98, 97], 7, 0, 100)).toEqual([100, 93, 86]);
});

test("more labels than fit are still told apart", () => {
  expect(spreadLabels([5, 5, 5, 5], 7, 0, 10)).toEqual([0, 7, 14, 21]);
});

test.each([
  [0.43, 5, 0.002, [0, 0.1, 0.2, 0.3, 0.4, 0.5]],
  [0.124, 5, 0.002, [0, 0.05, 0.1, 0.15]],
  [0.01, 5, 0.002, [0, 0.002, 0.004, 0.006, 0.008, 0.01]],
  [1, 5, 0.002, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [5, 8, 1, [0, 1, 2, 3, 4, 5]],
  [20, 8, 1, [0, 5, 10, 15, 20]],
  [1, 8, 1, [0, 1]],
])("an axis up to %d in at most %d steps of at least %d", (highest, most, finest, ticks) => {
  expect(axisTicks(highest, most, finest)).toEqual(ticks);
});
