import { Random } from "@detrkit/common";
import { detrEvaluation, detrTraining, fixedSize } from "@detrkit/datasets";
import { createDetector } from "@detrkit/detr";
import { Linear, Module, type Parameter } from "@detrkit/nn";
import { useBackend } from "@detrkit/test-utils";
import { dispose, mean, ones, type Rank, type Scalar, sum, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { detectorConfig, presetNames } from "../configuration/model-settings.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import type { PartialTrainingConfig, TrainingConfig } from "../configuration/training-config.ts";
import { exampleRecord } from "../../test/support/example-run.ts";
import { openTrainingData } from "./open-data.ts";
import {
  createCriterion,
  createOptimizer,
  createSchedule,
  evaluationTransforms,
  partsOf,
  trainingTransforms,
} from "./parts.ts";

useBackend("cpu");

const needed = { data: "shapes", output: "runs/test" };
/** What a published preset needs to be trained from random weights. */
const trainAll = { ...needed, backboneNorm: "group", backboneFrozenStages: 0 } as const;
const nothing = { labels: new Int32Array(), boxes: new Float32Array() };

function lossOfZeros(config: PartialTrainingConfig, logits: number): number {
  const prediction = { logits: zeros<Rank.R3>([1, 1, logits]), boxes: ones<Rank.R3>([1, 1, 4]) };
  const { loss } = createCriterion(resolveConfig({ ...needed, ...config })).call(prediction, [nothing]);
  const [value] = loss.dataSync();
  dispose([prediction.logits, prediction.boxes, loss]);
  return value as number;
}

test("Deformable DETR decides each class by itself, with the focal loss", () => {
  // Three classes that are not there, each with probability 1/2: (1 - alpha) · (1/2)² · ln 2, with weight 2.
  expect(lossOfZeros({}, 3)).toBeCloseTo(2 * 3 * 0.75 * 0.25 * Math.LN2, 6);
  expect(lossOfZeros({ focalAlpha: 0.5, classWeight: 3 }, 3)).toBeCloseTo(3 * 3 * 0.5 * 0.25 * Math.LN2, 6);
});

test("DETR chooses between the classes and none", () => {
  expect(lossOfZeros({ preset: "detr-small" }, 4)).toBeCloseTo(Math.log(4), 6);
});

test.each(["deformable-detr-small", "detr-small"])(
  "%s: the weights of the losses are those of the matching costs",
  (preset) => {
    const config = resolveConfig({ ...needed, preset, boxL1Weight: 7, giouWeight: 11 });
    const { losses, matcher } = createCriterion(config);
    expect(losses.map(({ name, weight }) => [name, weight])).toEqual([
      ["classification", config.classWeight],
      ["boxL1", 7],
      ["generalizedIou", 11],
    ]);
    // Two queries with the same class; the first one's box is right, so it is the cheaper one.
    const prediction = {
      queries: 2,
      classes: 4,
      logits: new Float32Array(8),
      boxes: Float32Array.of(0.5, 0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25),
    };
    expect(
      matcher.matchImage(prediction, { labels: Int32Array.of(1), boxes: Float32Array.of(0.5, 0.5, 0.25, 0.25) })
        .queries,
    ).toEqual(Int32Array.of(0));
  },
);

/** The rate at the last step of each epoch. */
function rates(config: TrainingConfig, stepsPerEpoch: number): number[] {
  const schedule = createSchedule(config, config.epochs * stepsPerEpoch);
  return Array.from(
    { length: config.epochs },
    (_, epoch) => config.learningRate * schedule((epoch + 1) * stepsPerEpoch - 1),
  );
}

test("a cosine after a warm-up falls as it did where the curves were recorded", () => {
  const recorded = [1e-3, 1e-3, 9e-4, 9e-4, 8e-4, 7e-4, 6e-4, 5e-4, 4e-4, 3e-4, 2e-4, 1e-4, 1e-4, 0, 0, 0];
  const config = resolveConfig({ ...trainAll, learningRate: 1e-3, schedule: "cosine", warmupSteps: 50, epochs: 16 });
  expect(rates(config, 75).map((rate) => Number(rate.toFixed(4)))).toEqual(recorded);
  expect(createSchedule(config, 1200)(0)).toBeLessThan(0.05);
});

test("the small recipe drops to a tenth for the last fifth", () => {
  const config = resolveConfig({ ...trainAll, epochs: 5 });
  expect(rates(config, 52).map((rate) => Number(rate.toFixed(8)))).toEqual([2e-4, 2e-4, 2e-4, 2e-4, 2e-5]);
});

/** A parameter of each group, under the paths that Deformable DETR has. */
class Model extends Module {
  readonly backbone = linear();
  readonly referencePoints = linear();
  readonly attention = new Attention();
  readonly queryEmbedding = linear();
}

class Attention extends Module {
  readonly samplingOffsets = linear();
}

function linear(): Linear {
  return new Linear({ inputDim: 1, outputDim: 1, random: new Random(1) });
}

test("the backbone and what decides where attention looks have rates of their own; the log shows the others'", async () => {
  const config = resolveConfig({
    ...trainAll,
    preset: "deformable-detr-r50",
    schedule: "constant",
    weightDecay: 0,
    clipNorm: 0,
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
    "referencePoints.bias": 2e-5,
    "attention.samplingOffsets.bias": 2e-5,
    "queryEmbedding.bias": 2e-4,
  });
  optimizer.dispose();
  model.dispose();
});

test.each(presetNames)("every group of the optimiser has parameters in %s", async (preset) => {
  const widths = { hiddenDim: 32, heads: 1, feedForwardDim: 3, backboneWidth: 4 };
  const config = resolveConfig({ ...trainAll, preset, ...widths, encoderLayers: 1, decoderLayers: 1, numQueries: 5 });
  const model = createDetector(detectorConfig(config, 2), { initialize: false });
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
  expect(trainingTransforms(config)).toEqual(detrTraining);
  expect(evaluationTransforms(config)).toEqual(detrEvaluation);
});

test.each(["detr-small", "deformable-detr-small"])("%s sees 320x240, mirrored both ways when it trains", (preset) => {
  const config = resolveConfig({ ...trainAll, preset });
  expect(trainingTransforms(config)).toEqual(fixedSize({ width: 320, height: 240 }, { training: true }));
  expect(evaluationTransforms(config)).toEqual(fixedSize({ width: 320, height: 240 }, { training: false }));
});

test("mirror images can be left out", () => {
  const steps = (flips: "none" | "horizontal") =>
    trainingTransforms(resolveConfig({ ...needed, flips })).steps.map(({ kind }) => kind);
  expect(steps("none")).toEqual(["resizeTo"]);
  expect(steps("horizontal")).toEqual(["horizontalFlip", "resizeTo"]);
});

test("settings come to built parts: the run's length, its seed, and when it has learned enough", async () => {
  const data = "shapes:count=5,validation=3,size=32,classes=2";
  const config = resolveConfig({
    ...needed,
    data,
    seed: 7,
    epochs: 3,
    batchSize: 2,
    evaluateEvery: 2,
    backboneWidth: 4,
  });
  const opened = await openTrainingData(config, () => {});
  const run = { seed: 7, epochs: 3, batchSize: 2, evaluateEvery: 2, auxiliary: true, data: opened };
  // Not evaluated, AP50 at what was asked for, above it; then nothing is asked for.
  for (const [stopAtAp50, ends] of [
    [0.5, [false, false, true]],
    [0, [false, false, false]],
  ] as const) {
    const parts = partsOf({ ...config, stopAtAp50 }, opened);
    expect(parts).toMatchObject({ ...run, detector: { numClasses: 2, backbone: { width: 4 } } });
    expect(parts.model.numClasses).toBe(2);
    expect([undefined, 0.25, 0.5].map((AP) => parts.stopWhen?.(exampleRecord(1, AP)))).toEqual(ends);
    parts.model.dispose();
    parts.optimizer.dispose();
  }
});
