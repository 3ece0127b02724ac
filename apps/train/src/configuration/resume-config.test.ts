import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { reportOfRun } from "../report/report-of-run.ts";
import { runFolder } from "../training/run-folder.ts";
import { resolveConfig, type RunConfig } from "./resolve-config.ts";
import { resumeConfig as resumeStored, storedSettings } from "./resume-config.ts";
import type { SettingsTree } from "./settings-tree.ts";

async function resumeConfig(given: SettingsTree): Promise<RunConfig> {
  return await resumeStored(await storedSettings(given["output"]), given);
}

const folder = temporaryFolder();

async function stored(name: string, config: object): Promise<string> {
  const output = join(folder, name);
  await mkdir(output);
  await writeFile(runFolder(output).config, JSON.stringify({ ...config, output }));
  return output;
}

test("a run of a version that lacked a setting goes on with what its preset says", async () => {
  const { file } = resolveConfig({ data: "shapes:count=3", output: "x", preset: "detr-small", epochs: 5 });
  const { backbone, optimizer: _, ...older } = file;
  const { norm: __, ...olderBackbone } = backbone as Record<string, unknown>;
  const output = await stored("older", { ...older, backbone: olderBackbone });
  expect((await resumeConfig({ output, epochs: 7 })).file).toEqual({ ...file, output, epochs: 7 });
});

test("a run whose settings were one flat list goes on with the same", async () => {
  const flat = {
    preset: "deformable-detr-small",
    data: "shapes:count=3",
    split: "train",
    dataVal: "",
    splitVal: "train",
    seed: 5,
    schedule: "cosine",
    warmupSteps: 11,
    imageSize: "64x48",
    hiddenDim: 64,
    backboneStages: [2, 3],
    featureLevels: 2,
    points: 3,
    boxL1Weight: 4,
    samplingLearningRateFactor: 0.5,
    evaluateEvery: 2,
  };
  const output = await stored("flat", flat);
  const { file } = resolveConfig({
    data: "shapes:count=3",
    output,
    seed: 5,
    validation: { split: "train" },
    schedule: { kind: "cosine", warmupSteps: 11 },
    transforms: { size: "64x48" },
    transformer: { dim: 64, encoderPoints: 3, decoderPoints: 3 },
    backbone: { returnStages: [2, 3] },
    featureLevels: 2,
    losses: { boxL1: 4 },
    learningRateFactors: { sampling: 0.5 },
    evaluation: { every: 2 },
  });
  expect((await resumeConfig({ output })).file).toEqual(file);
  const detr = await stored("flat-detr", { preset: "detr-small", data: "d", backboneStage: 2, evaluateEvery: 5 });
  expect((await resumeConfig({ output: detr })).model).toMatchObject({ backbone: { returnStages: [2] } });
});

test("a run that squeezed its images, and mirrored them both ways, goes on so", async () => {
  const transforms = { kind: "fixed", size: "320x240", flips: "both" };
  const { file } = resolveConfig({ data: "shapes:count=3", output: "x", preset: "detr-small", transforms });
  const output = await stored("squeezed", file);
  expect((await resumeConfig({ output })).transforms).toMatchObject(transforms);
});

test("what would make it another run cannot change", async () => {
  const { file } = resolveConfig({ data: "shapes:count=3", output: "x" });
  const output = await stored("same", file);
  const changed = await resumeConfig({ output, evaluation: { pictures: 3 }, backbone: { depth: 18 } });
  expect(changed.evaluation).toEqual({ ...(file["evaluation"] as object), pictures: 3 });
  const evaluation = { every: 2, stopAtAp50: 0.5, loss: false, panopticThreshold: 0.5, pictures: 1 };
  expect((await resumeConfig({ output, evaluation })).evaluation).toEqual(evaluation);
  await expect(resumeConfig({ output, backbone: { depth: 34 } })).rejects.toThrow(
    `the run in ${output} has --backbone.depth 18, which cannot change to 34 when it is resumed`,
  );
});

test("settings that were damaged are named, where they are resumed and where they are shown", async () => {
  const output = await stored("damaged", {});
  const { config } = runFolder(output);
  await writeFile(config, '{ "preset": "detr-');
  await expect(storedSettings(output)).rejects.toThrow(`${config} is not JSON`);
  await expect(reportOfRun(runFolder(output))).rejects.toThrow(`${config} is not JSON`);
});

test("a setting that this version does not know, or a preset that is gone, is named", async () => {
  const { file } = resolveConfig({ data: "shapes:count=3", output: "x" });
  const later = await stored("later", { ...file, warp: 9 });
  await expect(resumeConfig({ output: later })).rejects.toThrow(/was not written by this version:\n.*"warp"/u);
  const gone = await stored("gone", { ...file, preset: "detr-r9" });
  await expect(resumeConfig({ output: gone })).rejects.toThrow('there is no preset "detr-r9"');
});
