import { expect, test } from "vitest";
import { spreadLabels } from "./spread-labels.ts";

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
