import { epochLength, repeatFactors } from "@detrkit/datasets";
import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import type { SettingsTree } from "../configuration/settings-tree.ts";
import { openTrainingData } from "../data/open-data.ts";
import { exampleRecord } from "../../test/support/example-run.ts";
import { needed, sizedConfig } from "../../test/support/sized-config.ts";
import { partsOf } from "./parts.ts";

useBackend("cpu");

test("rare classes are seen more often where a threshold says so", async () => {
  const data = "shapes:count=9,validation=1,size=32,classes=3,objects=1";
  const config = sizedConfig({ ...needed, data, backbone: { width: 4 }, sampling: { repeatThreshold: 0.9 } });
  const opened = await openTrainingData(config, () => {});
  const parts = partsOf(config, opened);
  expect(parts.repeats).toEqual(repeatFactors(opened.training, { threshold: 0.9 }));
  expect(epochLength(9, parts.repeats)).toBeGreaterThan(9);
  parts.model.dispose();
  parts.optimizer.dispose();
  const once = partsOf({ ...config, sampling: { repeatThreshold: 0 } }, opened);
  expect(once.repeats).toBeUndefined();
  once.model.dispose();
  once.optimizer.dispose();
});
test("settings come to built parts: the run's length, its seed, and when it has learned enough", async () => {
  const data = "shapes:count=5,validation=3,size=32,classes=2";
  const config = sizedConfig({
    ...needed,
    data,
    seed: 7,
    epochs: 3,
    batchSize: 2,
    evaluation: { every: 2 },
    backbone: { width: 4 },
  });
  const opened = await openTrainingData(config, () => {});
  const run = { seed: 7, epochs: 3, batchSize: 2, evaluateEvery: 2, auxiliary: true, data: opened };
  // Not evaluated, AP50 at what was asked for, above it; then nothing is asked for.
  for (const [stopAtAp50, ends] of [
    [0.5, [false, false, true]],
    [0, [false, false, false]],
  ] as const) {
    const parts = partsOf({ ...config, evaluation: { ...config.evaluation, stopAtAp50 } }, opened);
    expect(parts).toMatchObject({ ...run, detector: { numClasses: 2, backbone: { width: 4 } } });
    expect(parts.model.numClasses).toBe(2);
    expect([undefined, 0.25, 0.5].map((AP) => parts.stopWhen?.(exampleRecord(1, AP)))).toEqual(ends);
    parts.model.dispose();
    parts.optimizer.dispose();
  }
});

test("steps of several batches, averaged weights and early stop are settings; none of them by default", async () => {
  const tiny = { ...needed, data: "shapes:count=5,validation=3,size=32,classes=2", backbone: { width: 4 }, epochs: 3 };
  const opened = await openTrainingData(sizedConfig(tiny), () => {});
  const partsOfSettings = (settings: SettingsTree) => {
    const parts = partsOf(sizedConfig({ ...tiny, ...settings }), opened);
    parts.model.dispose();
    parts.optimizer.dispose();
    return parts;
  };
  const off = { accumulate: 1, averageWeights: undefined, earlyStop: undefined, validationLoss: true };
  expect(partsOfSettings({})).toMatchObject(off);
  const average = { decay: 0.9, warmupSteps: 5 };
  const stop = { patience: 3, minDelta: 0.01 };
  const on = { accumulate: 2, averageWeights: average, earlyStop: stop };
  const parts = partsOfSettings({
    ...on,
    batchSize: 1,
    learningRateScaling: { rule: "linear", images: 4 },
    schedule: { kind: "step", dropAt: 0.5 },
    evaluation: { loss: false },
  });
  expect(parts).toMatchObject({ ...on, validationLoss: false });
  // Two of the four images that the rate is meant for; last comes the rate of all but backbone and sampling.
  expect(parts.optimizer.learningRates.at(-1)).toBeCloseTo(1e-4, 12);
});

test("a run that overfits sees its images as they are, and ends when it knows them", async () => {
  const tiny = { ...needed, data: "shapes:count=5,validation=3,size=32,classes=2", backbone: { width: 4 } };
  const config = sizedConfig({ ...tiny, overfit: 2, overfitGoal: 0.75 });
  const parts = partsOf(config, await openTrainingData(config, () => {}));
  expect(parts.data.training.records).toHaveLength(2);
  expect(parts.data.validation).toBe(parts.data.training);
  expect(parts.transforms.training).toEqual(parts.transforms.evaluation);
  expect([0.35, 0.375].map((AP) => parts.stopWhen?.(exampleRecord(1, AP)))).toEqual([false, true]);
  parts.model.dispose();
  parts.optimizer.dispose();
});
