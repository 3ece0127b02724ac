import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { flagSettings, settingFlags } from "../cli/setting-flags.ts";
import { parseFlags } from "../cli/parse-flags.ts";
import { readConfigFile, resolveConfig } from "./resolve-config.ts";
import type { PartialTrainingConfig } from "./training-config.ts";
import { trainingRecipes } from "./training-recipes.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-config-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function configFile(content: string): Promise<string> {
  const path = join(folder, "config.json");
  await writeFile(path, content);
  return path;
}

const needed = { data: "shapes:8", output: "runs/test" };
/** What a published preset needs to be trained from random weights. */
const trainAll = { backboneNorm: "group", backboneFrozenStages: 0 } as const;

test("flags override the config file, which overrides the preset", async () => {
  const file = await readConfigFile(
    await configFile('{"$schema": "x", "epochs": 7, "batchSize": 5, "shortSides": [11, 13]}'),
  );
  const flags = flagSettings(parseFlags(["--data", "voc:d", "--output", "o", "--epochs", "3"], settingFlags()));
  const config = resolveConfig(file, flags);
  expect(config).toMatchObject({
    epochs: 3,
    batchSize: 5,
    shortSides: [11, 13],
    data: "voc:d",
    preset: "deformable-detr-small",
    learningRate: 2e-4,
  });
});

test.each(Object.keys(trainingRecipes))("preset %s is complete", (preset) => {
  expect(resolveConfig({ ...needed, ...trainAll, preset }).preset).toBe(preset);
});

test("the small presets train everything at one rate, the published ones the backbone at a tenth", () => {
  const small = {
    learningRate: 2e-4,
    backboneLearningRateFactor: 1,
    dropout: 0,
    clipNorm: 0.1,
    weightDecay: 1e-4,
    batchSize: 4,
    imageSize: "320x240",
    flips: "both",
    dropAt: 0.8,
    dropFactor: 0.1,
  };
  expect(resolveConfig({ ...needed, preset: "detr-small" })).toMatchObject({
    ...small,
    classWeight: 1,
    noObjectWeight: 0.1,
  });
  expect(resolveConfig({ ...needed, preset: "deformable-detr-small" })).toMatchObject({
    ...small,
    classWeight: 2,
    focalAlpha: 0.25,
    samplingLearningRateFactor: 0.1,
  });
  const published = {
    backboneLearningRateFactor: 0.1,
    dropout: 0.1,
    transforms: "detr",
    batchSize: 2,
    weightDecay: 1e-4,
    clipNorm: 0.1,
    boxL1Weight: 5,
    giouWeight: 2,
  };
  const detr = resolveConfig({ ...needed, ...trainAll, preset: "detr-r50" });
  expect(detr).toMatchObject({ ...published, learningRate: 1e-4, epochs: 300, classWeight: 1 });
  const deformable = resolveConfig({ ...needed, ...trainAll, preset: "deformable-detr-r50" });
  expect(deformable).toMatchObject({
    ...published,
    learningRate: 2e-4,
    epochs: 50,
    classWeight: 2,
    focalAlpha: 0.25,
    samplingLearningRateFactor: 0.1,
    numQueries: 300,
  });
  expect(deformable.dropAt * deformable.epochs).toBe(40);
});

test("settings of the other model are refused, and are not in the result", () => {
  expect(() => resolveConfig({ ...needed, noObjectWeight: 0.2 })).toThrow(
    "--no-object-weight is a setting of DETR, which preset deformable-detr-small is not; leave it away, or take one of detr-small, detr-r50",
  );
  expect(() => resolveConfig({ ...needed, preset: "detr-r50", boxRefinement: true })).toThrow(
    "--box-refinement is a setting of Deformable DETR, which preset detr-r50 is not",
  );
  expect(Object.keys(resolveConfig(needed))).not.toContain("preNorm");
  expect(Object.keys(resolveConfig({ ...needed, preset: "detr-small" }))).not.toContain("points");
});

test("an unknown key of the config file is named with its file and what was meant", async () => {
  const path = await configFile('{"batch_size": 4, "epochs": "3"}');
  await expect(readConfigFile(path)).rejects.toThrow(
    /config\.json:\n.*epochs: .*\n.*unknown setting "batch_size", did you mean batchSize\?/s,
  );
});

test("a config file that is no JSON or is missing is named", async () => {
  await expect(readConfigFile(await configFile("{"))).rejects.toThrow("config.json is not JSON");
  await expect(readConfigFile(await configFile("[1]"))).rejects.toThrow(/config\.json:\n {2}Invalid input/);
  await expect(readConfigFile(join(folder, "none.json"))).rejects.toThrow("none.json cannot be read");
});

test("an unknown preset is refused with the nearest one", () => {
  expect(() => resolveConfig({ ...needed, preset: "detr-r5" })).toThrow(
    'there is no preset "detr-r5", did you mean detr-r50?',
  );
});

test("a run needs data and an output folder", () => {
  expect(() => resolveConfig({ output: "o" })).toThrow("--data is missing");
  expect(() => resolveConfig({ data: "shapes:3" })).toThrow("--output is missing");
});

const published = Object.keys(trainingRecipes).filter((preset) => !preset.endsWith("-small"));

test.each(published)("%s is not trained from frozen random weights, and the way out is named", (preset) => {
  const small = preset.startsWith("deformable") ? "deformable-detr-small" : "detr-small";
  expect(() => resolveConfig({ ...needed, preset })).toThrow(
    `with --backbone-norm frozen-batch and --backbone-frozen-stages 2 (preset ${preset}) a backbone needs weights ` +
      "that were trained before; a run begins with random ones, and what is frozen would stay random\n" +
      `train all of the backbone: --backbone-norm group --backbone-frozen-stages 0, or take --preset ${small}`,
  );
  const flags = ["--preset", preset, "--backbone-norm", "group", "--backbone-frozen-stages", "0"];
  const config = resolveConfig({ ...needed, ...flagSettings(parseFlags(flags, settingFlags())) });
  expect(config).toMatchObject(trainAll);
});

test("the small presets train all of their backbone; freezing any of it is refused", () => {
  for (const preset of ["detr-small", "deformable-detr-small"]) {
    expect(resolveConfig({ ...needed, preset })).toMatchObject(trainAll);
    const refused = (settings: PartialTrainingConfig) => () => resolveConfig({ ...needed, preset, ...settings });
    expect(refused({ backboneFrozenStages: 1 })).toThrow(/-frozen-stages 1 .*: --backbone-frozen-stages 0$/su);
    expect(refused({ backboneNorm: "frozen-batch" })).toThrow(/-norm frozen-batch .*: --backbone-norm group$/su);
    expect(refused({ backboneLearningRateFactor: 0 })).toThrow(/-factor 0 .*: --backbone-learning-rate-factor 1$/su);
    expect(resolveConfig({ ...needed, preset, backboneNorm: "batch" }).backboneNorm).toBe("batch");
  }
});

test("settings that cannot work are refused", () => {
  const flags = (args: readonly string[]) => flagSettings(parseFlags(args, settingFlags()));
  expect(() => flags(["--epochs", "0"])).toThrow("--epochs: ");
  expect(() => flags(["--image-size", "320"])).toThrow("--image-size: expected WIDTHxHEIGHT");
  expect(() => resolveConfig({ ...needed, hiddenDim: 32, heads: 7 })).toThrow(
    "--hidden-dim 32 must be a multiple of --heads 7",
  );
  expect(() => resolveConfig({ ...needed, hiddenDim: 48, heads: 3 })).toThrow(
    "--hidden-dim 48 must be a multiple of 32 in Deformable DETR",
  );
  expect(() => resolveConfig({ ...needed, preset: "detr-small", hiddenDim: 35, heads: 7 })).toThrow(
    "--hidden-dim 35 must be a multiple of 2 in DETR",
  );
  expect(() => resolveConfig({ ...needed, backboneStages: [3, 2] })).toThrow("--backbone-stages 3,2 must rise");
  expect(() => resolveConfig({ ...needed, featureLevels: 2 })).toThrow(
    "--feature-levels 2 must be at least the 3 of --backbone-stages 2,3,4",
  );
  expect(() => resolveConfig({ ...needed, preset: "deformable-detr-r50", twoStage: true })).toThrow(
    "--two-stage needs --box-refinement",
  );
});
