import { expect, test } from "vitest";
import { hasStalled } from "./early-stop.ts";
import type { EpochRecord } from "./epoch-record.ts";

/** A log of these AP; epochs with undefined were not evaluated. */
const logOf = (figures: readonly (number | undefined)[]): EpochRecord[] =>
  figures.map((AP, index) => ({ epoch: index + 1, ...(AP === undefined ? {} : { metrics: { AP } }) }) as EpochRecord);

test.each<readonly [readonly (number | undefined)[], boolean]>([
  [[], false],
  [[0.1, 0.2, 0.3], false],
  [[0.3, 0.2], false],
  [[0.3, 0.2, 0.3], true],
  // Epochs between evaluations don't count.
  [[0.3, undefined, 0.2, undefined, undefined], false],
  [[0.3, undefined, 0.2, undefined, 0.1], true],
  // Better again: counted anew.
  [[0.3, 0.2, 0.31, 0.2], false],
  [[0.3, 0.2, 0.31, 0.2, 0.3], true],
  [[0, 0, 0], true],
])("after AP %j it is %s that two evaluations brought nothing", (figures, stalled) => {
  expect(hasStalled(logOf(figures), { patience: 2 })).toBe(stalled);
});

test("what is better by less than minDelta is not better, but counts together", () => {
  expect(hasStalled(logOf([0.3, 0.305, 0.309]), { patience: 2, minDelta: 0.01 })).toBe(true);
  expect(hasStalled(logOf([0.3, 0.305, 0.311]), { patience: 2, minDelta: 0.01 })).toBe(false);
});
