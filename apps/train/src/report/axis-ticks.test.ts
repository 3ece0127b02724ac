import { expect, test } from "vitest";
import { axisTicks } from "./axis-ticks.ts";

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
