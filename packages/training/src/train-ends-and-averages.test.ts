import { join } from "node:path";
import { toCocoGroundTruth } from "@detrkit/datasets";
import { createDetector, type DetectorConfig } from "@detrkit/detr";
import { type CocoResult, evaluateDetections } from "@detrkit/evaluation";
import { loadDetector } from "@detrkit/inference";
import { AdamW } from "@detrkit/optim";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { data, detector, finalState, numbersOf, trainAnew, transforms } from "../test-support/tiny-run.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { type EvaluatedDetector, evaluateDetector } from "./evaluate-detector.ts";
import { runFiles } from "./run-files.ts";
import type { FinishedEpoch, TrainingOutcome, TrainOptions } from "./train-options.ts";
import type { TrainingEvent } from "./training-events.ts";

const folder = temporaryFolder();
useBackend("cpu");

test("a run ends when it is told to, also right after it was resumed", async () => {
  const output = join(folder, "reached");
  const stopWhen: TrainOptions["stopWhen"] = ({ epoch }) => epoch === 2;
  const { state, records } = await trainAnew({ output, stopWhen });
  expect([state, records.length]).toEqual(["reached", 2]);
  const before = await finalState(output);
  expect((await trainAnew({ output, stopWhen, resume: true })).state).toBe("reached");
  expect(await finalState(output)).toEqual(before);
}, 60_000);

test("a run that no longer gets better ends, also right after it was resumed", async () => {
  const output = join(folder, "stalled");
  // No rate: every evaluation finds the same.
  const { state, records } = await trainAnew({ output, epochs: 9, earlyStop: { patience: 2 } }, 0);
  expect([state, records.length]).toEqual(["stalled", 3]);
  const again = await trainAnew({ output, epochs: 9, earlyStop: { patience: 2 }, resume: true }, 0);
  expect([again.state, again.records.length]).toEqual(["stalled", 3]);
  await expect(trainAnew({ earlyStop: { patience: 0 } })).rejects.toThrow("patience expected a whole number from 1");
}, 60_000);

test("the loss on validation images is the criterion's, of what is evaluated, and changes no detection", async () => {
  const evaluated: (EvaluatedDetector | undefined)[] = [];
  const options = {
    epochs: 1,
    // The same images, as they are, in one batch: without dropout the loss of the step is that of the evaluation.
    data: { training: data.validation, validation: data.validation },
    transforms: { training: transforms.evaluation, evaluation: transforms.evaluation },
    batchSize: 3,
    afterEpoch: (epoch: FinishedEpoch) => Promise.resolve(void evaluated.push(epoch.evaluated)),
  };
  const model = createDetector({ ...detector, transformer: { ...detector.transformer, dropout: 0 } } as DetectorConfig);
  const { records } = await trainAnew({ ...options, model }, 0);
  model.dispose();
  expect(records[0]?.validationLoss).toBeCloseTo(records[0]?.loss ?? 0, 4);
  const plain = await trainAnew({ ...options, validationLoss: false });
  const measured = await trainAnew(options);
  expect(plain.records[0]).not.toHaveProperty("validationLoss");
  expect(measured.records[0]?.validationLoss).toBeGreaterThan(0);
  expect(numbersOf(measured)).toEqual(numbersOf(plain));
  expect(evaluated[2]?.detections).toEqual(evaluated[1]?.detections);
}, 60_000);

test("the log says from which score on the detections of an evaluation are worth showing", async () => {
  const evaluate: TrainOptions["evaluate"] = async ({ dataset }) => {
    const groundTruth = toCocoGroundTruth(dataset);
    const detections = groundTruth.annotations.flatMap(
      ({ image_id, category_id, bbox = [0, 0, 0, 0] }): CocoResult[] => [
        { image_id, category_id, bbox, score: 0.75 },
        { image_id, category_id, bbox: [0, 0, 1, 1], score: 0.25 },
      ],
    );
    return { evaluation: evaluateDetections({ groundTruth, detections, type: "bbox" }), detections: new Map() };
  };
  const { records } = await trainAnew({ evaluate, epochs: 2, evaluateEvery: 2 });
  expect(records.map(({ scoreThreshold }) => scoreThreshold)).toEqual([undefined, 0.5]);
}, 60_000);

describe.each([
  ["accumulated gradients", { accumulate: 2 }],
  ["averaged weights", { averageWeights: { decay: 0.7, warmupSteps: 2 } }],
  ["both", { accumulate: 2, averageWeights: { decay: 0.7, warmupSteps: 2 } }],
] as const)("a run with %s", (name, options) => {
  const output = join(folder, `with-${name.replaceAll(" ", "-")}`);
  let whole: TrainingOutcome;
  let found: EvaluatedDetector["detections"] | undefined;
  beforeAll(async () => {
    const afterEpoch: TrainOptions["afterEpoch"] = ({ evaluated }) =>
      Promise.resolve(void (found = evaluated?.detections));
    whole = await trainAnew({ ...options, output, afterEpoch });
  }, 120_000);

  test("stopped after every step and resumed ends with the same weights and numbers", async () => {
    const stopped = `${output}-stopped`;
    let state = "";
    let outcome: TrainingOutcome | undefined;
    for (let run = 0; state !== "finished"; run++) {
      const controller = new AbortController();
      const report = (event: TrainingEvent): void => {
        if (event.kind === "step") controller.abort();
      };
      outcome = await trainAnew({ ...options, output: stopped, resume: run > 0, report, signal: controller.signal });
      ({ state } = outcome);
    }
    expect(numbersOf(outcome as TrainingOutcome)).toEqual(numbersOf(whole));
    expect(await finalState(stopped)).toEqual(await finalState(output));
  }, 120_000);

  test("leaves a checkpoint that finds what it found at its end", async () => {
    const loaded = await loadDetector(runFiles(output).lastCheckpoint);
    const evaluated = await evaluateDetector({ detector: loaded, dataset: data.validation, batchSize: 2 });
    loaded.dispose();
    expect(found?.size).toBe(3);
    expect(evaluated?.detections).toEqual(found);
  }, 60_000);

  test("is another run than without them", async () => {
    const plain = `${output}-plain`;
    await trainAnew({ output: plain });
    const [one, other] = [await finalState(plain), await finalState(output)];
    const path = "transformer.decoder.norm.weight";
    expect(one.get(path)).toBeDefined();
    expect(one.get(path)).not.toEqual(other.get(path));
    // Beside the averages lie the weights that are trained: without accumulation those of the plain run.
    if (name !== "averaged weights") return;
    const { values } = one.get(path) as { readonly values: unknown };
    expect(other.get(`training/trained/${path}`)).toMatchObject({ values });
  }, 60_000);
});

test("a step of two batches is the mean of the steps' losses, divided by the boxes of each batch", async () => {
  const losses = async (options: Partial<TrainOptions>): Promise<number[]> => {
    const found: number[] = [];
    // Five images: batches of 2, 2 and 1. No rate, so that all losses are of the same weights.
    await trainAnew({ ...options, epochs: 1, report: (event) => event.kind === "step" && found.push(event.loss) }, 0);
    return found;
  };
  const options = { transforms: { training: transforms.evaluation, evaluation: transforms.evaluation } };
  const means = await losses(options);
  const [first = 0, second = 0, third = 0] = means.map(
    (mean, index) => mean * (index + 1) - (means[index - 1] ?? 0) * index,
  );
  const steps = await losses({ ...options, accumulate: 2 });
  expect(steps).toHaveLength(2);
  expect(steps[0]).toBeCloseTo((first + second) / 2, 4);
  expect((steps[1] ?? 0) * 2 - (steps[0] ?? 0)).toBeCloseTo(third, 4);
}, 60_000);

test("steps of several batches need an optimiser that can accumulate", async () => {
  const optimizer = new AdamW({ groups: [{ learningRate: 1e-3 }] });
  const { step, readState, loadState } = optimizer;
  const others = { step, readState, loadState };
  await expect(trainAnew({ accumulate: 2, optimizer: others })).rejects.toThrow(
    "the optimizer has no method accumulate",
  );
  await expect(trainAnew({ accumulate: 0 })).rejects.toThrow("accumulate expected a whole number from 1, got 0");
});
