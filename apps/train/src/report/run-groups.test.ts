import { expect, test } from "vitest";
import { differingSettings, groupRuns, metricCurve, seedsText } from "./run-groups.ts";
import { exampleRun } from "../../test/support/example-run.ts";

test("runs of one name are averaged over the epochs that all of them have", () => {
  const [group, other] = groupRuns([
    exampleRun("a", 1, [0.25, 0.5, 0.75]),
    exampleRun("b", 1, [0.125]),
    exampleRun("a", 2, [undefined, 0.25, 0.25]),
  ]);
  expect(group && metricCurve(group, "AP")).toEqual([
    { epoch: 2, mean: 0.375, low: 0.25, high: 0.5 },
    { epoch: 3, mean: 0.5, low: 0.25, high: 0.75 },
  ]);
  expect(other && metricCurve(other, "AP")).toEqual([{ epoch: 1, mean: 0.125, low: 0.125, high: 0.125 }]);
  expect(group && seedsText(group)).toBe("mean and range of seeds 1, 2");
  expect(other && seedsText(other)).toBe("seed 1");
});

test("what could not be measured is no zero", () => {
  const [group] = groupRuns([exampleRun("a", 1, [0.5])]);
  expect(group && metricCurve(group, "APs")).toEqual([]);
});

test("repetitions may be saved, read and measured otherwise", () => {
  const other = { saveEvery: "5m", cacheImages: true, "evaluation.loss": false };
  expect(groupRuns([exampleRun("a", 1, [0.5]), exampleRun("a", 2, [0.5], other)])).toHaveLength(1);
});

test("runs that are not repetitions of one experiment cannot share a name", () => {
  const runs = [exampleRun("a", 1, [0.5], { learningRate: 1e-4 }), exampleRun("a", 2, [0.5], { learningRate: 2e-4 })];
  expect(() => groupRuns(runs)).toThrow(
    'the runs named "a" (runs/a-1, runs/a-2) differ in learningRate; only runs of different seeds can share a name',
  );
  expect(differingSettings(runs)).toEqual(["seed", "output", "learningRate"]);
});
