import { Random } from "@detrkit/common";
import { detrEvaluation, detrTraining, epochLength, fixedSize, letterboxed, repeatFactors } from "@detrkit/datasets";
import { randomFor } from "@detrkit/detr";
import { Linear, Module, type Parameter } from "@detrkit/nn";
import { useBackend } from "@detrkit/test-utils";
import { mean, type Scalar, sum } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { presetNames } from "../configuration/definitions.ts";
import { resolveConfig, type RunConfig } from "../configuration/resolve-config.ts";
import type { SettingsTree } from "../configuration/settings-tree.ts";
import { exampleRecord } from "../../test/support/example-run.ts";
import { openTrainingData } from "./open-data.ts";
import { createOptimizer, createSchedule, detectorOf, partsOf, type SizedConfig, transformsOf } from "./parts.ts";

useBackend("cpu");

const needed = { data: "shapes", output: "runs/test" };
/** What a published preset needs to be trained from random weights. */
const trainAll = { ...needed, backbone: { norm: "group", frozenStages: 0 } };
/** The settings of a run, with a batch size in numbers. */
function sizedConfig(settings: SettingsTree): SizedConfig {
  const config = resolveConfig(settings);
  return { ...config, batchSize: Number(config.batchSize) };
}

/** The rate at the last step of each epoch. */
function rates(config: RunConfig, stepsPerEpoch: number): number[] {
  const schedule = createSchedule(config, config.epochs * stepsPerEpoch);
  return Array.from(
    { length: config.epochs },
    (_, epoch) => config.learningRate * schedule((epoch + 1) * stepsPerEpoch - 1),
  );
}

test("a cosine after a warm-up falls as it did where the curves were recorded", () => {
  const recorded = [1e-3, 1e-3, 9e-4, 9e-4, 8e-4, 7e-4, 6e-4, 5e-4, 4e-4, 3e-4, 2e-4, 1e-4, 1e-4, 0, 0, 0];
  const config = sizedConfig({
    ...trainAll,
    learningRate: 1e-3,
    schedule: { kind: "cosine", warmupSteps: 50 },
    epochs: 16,
  });
  expect(rates(config, 75).map((rate) => Number(rate.toFixed(4)))).toEqual(recorded);
  expect(createSchedule(config, 1200)(0)).toBeLessThan(0.05);
});

test("the small recipe drops to a tenth for the last fifth", () => {
  const config = sizedConfig({ ...trainAll, epochs: 5 });
  expect(rates(config, 52).map((rate) => Number(rate.toFixed(8)))).toEqual([2e-4, 2e-4, 2e-4, 2e-4, 2e-5]);
});

test("the rate may drop after epochs that are named, once for each", () => {
  const config = sizedConfig({ ...trainAll, epochs: 6, schedule: { dropEpochs: [2, 5], dropFactor: 0.5 } });
  expect(rates(config, 52).map((rate) => rate / 2e-4)).toEqual([1, 1, 0.5, 0.5, 0.5, 0.25]);
});

test("SGD takes the place of AdamW, with the same groups", async () => {
  const optimizer = { kind: "sgd", momentum: 0.5, weightDecay: 0, clipNorm: 0 };
  const config = sizedConfig({ ...trainAll, optimizer, schedule: { kind: "constant" }, learningRate: 1e-2 });
  const model = new Model();
  const sgd = createOptimizer(config, 7);
  const { value } = model.queries.queryEmbedding.parameters().get("bias") as Parameter;
  const before = value.dataSync()[0] as number;
  const loss = (): Scalar => sum(value);
  await sgd.step(model, loss);
  await sgd.step(model, loss);
  // Velocities 1 and 1.5.
  expect(before - (value.dataSync()[0] as number)).toBeCloseTo(2.5e-2, 6);
  expect(sgd.learningRates).toEqual([1e-2, 1e-3, 1e-2]);
  sgd.dispose();
  model.dispose();
});

/** A parameter of each group, under the paths that Deformable DETR has. */
class Model extends Module {
  readonly backbone = linear();
  readonly queries = new Queries();
  readonly attention = new Attention();
}

class Queries extends Module {
  readonly referencePoints = linear();
  readonly queryEmbedding = linear();
}

class Attention extends Module {
  readonly samplingOffsets = linear();
}

function linear(): Linear {
  return new Linear({ inputDim: 1, outputDim: 1, random: new Random(1) });
}

test("backbone and sampling have learning rates of their own; the log shows that of the rest", async () => {
  const config = sizedConfig({
    ...trainAll,
    preset: "deformable-detr-r50",
    schedule: { kind: "constant" },
    optimizer: { weightDecay: 0, clipNorm: 0 },
  });
  const model = new Model();
  const optimizer = createOptimizer(config, 7);
  const biases = [...model.parameters()].filter(([path]) => path.endsWith(".bias"));
  const before = biases.map(([, { value }]) => value.dataSync()[0] as number);
  const loss = (): Scalar => biases.map(([, { value }]) => mean<Scalar>(value)).reduce((sum, value) => sum.add(value));
  const { learningRates } = await optimizer.step(model, loss);
  expect(learningRates.at(-1)).toBe(2e-4);
  // AdamW's first step is the learning rate.
  const moved = Object.fromEntries(
    biases.map(([path, { value }], index) => [
      path,
      Number(((before[index] as number) - (value.dataSync()[0] as number)).toFixed(7)),
    ]),
  );
  expect(moved).toEqual({
    "backbone.bias": 2e-5,
    "queries.referencePoints.bias": 2e-5,
    "attention.samplingOffsets.bias": 2e-5,
    "queries.queryEmbedding.bias": 2e-4,
  });
  optimizer.dispose();
  model.dispose();
});

test.each(presetNames())("every group of the optimiser has parameters in %s", async (preset) => {
  const transformer = { dim: 32, heads: 1, feedForwardDim: 3, encoderLayers: 1, decoderLayers: 1 };
  const backbone = { ...trainAll.backbone, width: 4 };
  const config = sizedConfig({ ...trainAll, preset, backbone, transformer, numQueries: 5 });
  const model = config.definition.create(detectorOf(config, 2), { random: randomFor({ initialize: false }) });
  const weight = model.trainableParameters().values().next().value as Parameter;
  model.freeze();
  weight.setTrainable(true);
  const optimizer = createOptimizer(config, 7);
  expect((await optimizer.step(model, () => sum(weight.value))).loss).toBe(0);
  optimizer.dispose();
  model.dispose();
});

test.each(["detr-r50", "deformable-detr-r50-two-stage"])("%s sees what DETR saw", (preset) => {
  const config = resolveConfig({ ...trainAll, preset });
  expect(transformsOf(config, true)).toEqual(detrTraining);
  expect(transformsOf(config, false)).toEqual(detrEvaluation);
});

test.each(["detr-small", "deformable-detr-small"])("%s sees all of a photograph within 320x240, upright", (preset) => {
  const config = resolveConfig({ ...trainAll, preset });
  expect(transformsOf(config, true)).toEqual(letterboxed({ width: 320, height: 240 }, { training: true }));
  expect(transformsOf(config, false).steps).toEqual([{ kind: "letterbox", width: 320, height: 240 }]);
});

test.each(presetNames())("%s does not turn photographs upside down; a flag does", (preset) => {
  const kindsOf = (transforms: object): string =>
    JSON.stringify(transformsOf(resolveConfig({ ...trainAll, preset, transforms }), true));
  expect(kindsOf({})).toContain("horizontalFlip");
  expect(kindsOf({})).not.toContain("verticalFlip");
  expect(kindsOf({ flips: "both" })).toContain("verticalFlip");
});

test("mosaics, larger canvases and colours are settings, off by default; the last epochs see no mosaic", async () => {
  const data = "shapes:count=2,validation=1,size=32,classes=2";
  const transforms = { size: "31x17", mosaic: 0.5, closeMosaic: 2, expand: 0.25, colourJitter: { hue: 0.1 } };
  const config = sizedConfig({ ...needed, data, epochs: 5, transforms, backbone: { width: 4 } });
  const parts = partsOf(config, await openTrainingData(config, () => {}));
  const { training } = parts.transforms ?? {};
  const kindsOf = (epoch: number): string[] =>
    typeof training === "function" ? training(epoch).steps.map(({ kind }) => kind) : [];
  const always = ["horizontalFlip", "letterbox", "expand", "letterbox", "colourJitter"];
  expect([0, 2, 3, 4].map(kindsOf)).toEqual([["mosaic", ...always], ["mosaic", ...always], always, always]);
  expect(parts.transforms?.evaluation.steps.map(({ kind }) => kind)).toEqual(["letterbox"]);
  parts.model.dispose();
  parts.optimizer.dispose();
});

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

test("images can be squeezed to one size, as in runs before there was a letterbox", () => {
  const config = resolveConfig({ ...needed, transforms: { kind: "fixed", size: "31x17", flips: "both" } });
  expect(transformsOf(config, true)).toEqual(fixedSize({ width: 31, height: 17 }, { training: true, flips: "both" }));
});

test("mirror images can be left out", () => {
  const steps = (flips: "none" | "horizontal") =>
    transformsOf(resolveConfig({ ...needed, transforms: { flips } }), true).steps.map(({ kind }) => kind);
  expect(steps("none")).toEqual(["letterbox"]);
  expect(steps("horizontal")).toEqual(["horizontalFlip", "letterbox"]);
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
  expect(parts.transforms?.training).toEqual(parts.transforms?.evaluation);
  expect([0.35, 0.375].map((AP) => parts.stopWhen?.(exampleRecord(1, AP)))).toEqual([false, true]);
  parts.model.dispose();
  parts.optimizer.dispose();
});
