import { Random } from "@detrkit/common";
import { randomFor } from "@detrkit/detr";
import { Linear, Module, type Parameter } from "@detrkit/nn";
import { useBackend } from "@detrkit/test-utils";
import { mean, type Scalar, sum } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { presetNames } from "../configuration/definitions.ts";
import { detectorOf, type RunConfig } from "../configuration/resolve-config.ts";
import { sizedConfig, trainAll } from "../../test/support/sized-config.ts";
import { createOptimizer, createSchedule } from "./run-optimizer.ts";

useBackend("cpu");

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
