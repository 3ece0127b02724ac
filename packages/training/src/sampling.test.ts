import { join } from "node:path";
import { readSafetensors } from "@detrkit/checkpoint";
import { type Dataset, letterboxed, openDataset } from "@detrkit/datasets";
import { createDetector, type DetrSettings, presets } from "@detrkit/detr";
import { AdamW } from "@detrkit/optim";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import { softmaxCriterion } from "./detectors/set-losses.ts";
import { runFiles } from "./run-files.ts";
import { train } from "./train.ts";
import type { TrainingOutcome, TrainOptions } from "./train-options.ts";

useBackend("cpu");
const folder = temporaryFolder();

const { backbone, transformer, ...preset } = presets["detr-small"];
const layers = { encoderLayers: 1, decoderLayers: 1 };
const detector: DetrSettings = {
  ...preset,
  backbone: { ...backbone, width: 4, stem: "3x3pool" },
  transformer: { ...transformer, dim: 16, heads: 2, ...layers, feedForwardDim: 11 },
  numClasses: 2,
  numQueries: 5,
};
const recipe = (withMosaic: boolean): ReturnType<typeof letterboxed> =>
  letterboxed(
    { width: 32, height: 32 },
    { training: true, ...(withMosaic && { mosaic: { probability: 0.7 } }), colourJitter: { saturation: 0.5 } },
  );

let training: Dataset;
beforeAll(async () => {
  training = await openDataset("shapes:count=5,size=32,smallest=8,largest=16,objects=2,classes=2");
});

const asked: number[] = [];
async function run(options: Partial<TrainOptions>): Promise<TrainingOutcome> {
  const model = createDetector(detector, { seed: 3 });
  const optimizer = new AdamW({ groups: [{ learningRate: 1e-3 }], clipNorm: 0.1 });
  const transforms: TrainOptions["transforms"] = {
    training: (epoch) => {
      asked.push(epoch);
      return recipe(epoch < 2);
    },
    evaluation: letterboxed({ width: 32, height: 32 }, { training: false }),
  };
  // 1 + 1.5 + 1 + 3.75 + 1: eight images, four steps.
  const usual = { data: { training }, transforms, detector, batchSize: 2, epochs: 3, repeats: [1, 1.5, 1, 3.75, 1] };
  try {
    return await train({ model, criterion: softmaxCriterion(), optimizer, ...usual, ...options });
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

test("repeated images, mosaics and a recipe for each epoch: a resumed run ends with the same weights", async () => {
  const [whole, stopped] = [join(folder, "whole"), join(folder, "stopped")];
  const said: string[] = [];
  const { records } = await run({
    output: whole,
    report: (event) => {
      if (event.kind === "message") said.push(event.text);
    },
  });
  expect(said[0]).toContain("4 steps an epoch");
  expect(said[1]).toBe("sampling: an epoch has 8 images, made of 5; one comes 3.8 times at most");
  expect(records.map(({ step }) => step)).toEqual([4, 8, 12]);
  expect(asked).toEqual([0, 1, 2]);

  const controller = new AbortController();
  let steps = 0;
  // In the middle of the second epoch.
  await run({
    output: stopped,
    signal: controller.signal,
    report: ({ kind }) => {
      if (kind === "step") steps += 1;
      if (steps === 6) controller.abort();
    },
  });
  const { state } = await run({ output: stopped, resume: true });
  expect(state).toBe("finished");
  const weightsOf = async (output: string): Promise<unknown> =>
    [...(await readSafetensors(runFiles(output).lastCheckpoint)).tensors].toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(await weightsOf(stopped)).toEqual(await weightsOf(whole));
}, 120_000);
