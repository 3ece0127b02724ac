import { createDetector } from "@detrkit/detr";
import { Linear, Module, type Parameter } from "@detrkit/nn";
import { Random } from "@detrkit/common";
import { useBackend } from "@detrkit/test-utils";
import { mean, type Scalar, sum } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { detectorConfig, presetNames } from "../configuration/model-settings.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import type { TrainingConfig } from "../configuration/training-config.ts";
import { createOptimizer, createSchedule } from "./create-optimizer.ts";

useBackend("cpu");

const needed = { data: "shapes", output: "runs/test", backboneNorm: "group", backboneFrozenStages: 0 } as const;

/** The rate at the last step of each epoch. */
function rates(config: TrainingConfig, stepsPerEpoch: number): number[] {
  const schedule = createSchedule(config, config.epochs * stepsPerEpoch);
  return Array.from({ length: config.epochs }, (_, epoch) => config.learningRate * schedule((epoch + 1) * stepsPerEpoch - 1));
}

test("a cosine after a warm-up falls as it did where the curves were recorded", () => {
  const recorded = [1e-3, 1e-3, 9e-4, 9e-4, 8e-4, 7e-4, 6e-4, 5e-4, 4e-4, 3e-4, 2e-4, 1e-4, 1e-4, 0, 0, 0];
  const config = resolveConfig({ ...needed, learningRate: 1e-3, schedule: "cosine", warmupSteps: 50, epochs: 16 });
  expect(rates(config, 75).map((rate) => Number(rate.toFixed(4)))).toEqual(recorded);
  expect(createSchedule(config, 1200)(0)).toBeLessThan(0.05);
});

test("the small recipe drops to a tenth for the last fifth", () => {
  const config = resolveConfig({ ...needed, epochs: 5 });
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
  const config = resolveConfig({ ...needed, preset: "deformable-detr-r50", schedule: "constant", weightDecay: 0, clipNorm: 0 });
  const model = new Model();
  const optimizer = createOptimizer(config, 7);
  const biases = [...model.parameters()].filter(([path]) => path.endsWith(".bias"));
  const before = biases.map(([, { value }]) => value.dataSync()[0] as number);
  const loss = (): Scalar => biases.map(([, { value }]) => mean<Scalar>(value)).reduce((sum, value) => sum.add(value));
  const { learningRates } = await optimizer.step(model, loss);
  expect(learningRates.at(-1)).toBe(2e-4);
  // AdamW's first step is the learning rate.
  const moved = Object.fromEntries(biases.map(([path, { value }], index) => [path, Number(((before[index] as number) - (value.dataSync()[0] as number)).toFixed(7))]));
  expect(moved).toEqual({ "backbone.bias": 2e-5, "referencePoints.bias": 2e-5, "attention.samplingOffsets.bias": 2e-5, "queryEmbedding.bias": 2e-4 });
  optimizer.dispose();
  model.dispose();
});

test.each(presetNames)("every group of the optimiser has parameters in %s", async (preset) => {
  const widths = { hiddenDim: 32, heads: 1, feedForwardDim: 3, backboneWidth: 4 };
  const config = resolveConfig({ ...needed, preset, ...widths, encoderLayers: 1, decoderLayers: 1, numQueries: 5 });
  const model = createDetector(detectorConfig(config, 2), { initialize: false });
  const weight = model.trainableParameters().values().next().value as Parameter;
  model.freeze();
  weight.setTrainable(true);
  const optimizer = createOptimizer(config, 7);
  expect((await optimizer.step(model, () => sum(weight.value))).loss).toBe(0);
  optimizer.dispose();
  model.dispose();
});
