import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { presets, randomFor } from "@detrkit/detr";
import { useBackend } from "@detrkit/test-utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../cli/main.ts";
import { parseFlags } from "../cli/parse-flags.ts";
import { flagSettings, settingFlags, settingsInQuestion } from "../cli/setting-flags.ts";
import { demos } from "../commands/demos.ts";
import { detectorOf, readConfigFile, resolveConfig, resolveSources } from "./resolve-config.ts";
import { definitionOf, ownDefinitions, presetNames } from "./definitions.ts";
import { merged, type SettingsTree } from "./settings-tree.ts";

useBackend("cpu");

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
const trainAll = { backbone: { norm: "group", frozenStages: 0 } };
const resolve = (...trees: readonly SettingsTree[]) => resolveConfig(merged(needed, ...trees));

/** The settings that a command line gives. */
async function flags(...args: readonly string[]): Promise<SettingsTree> {
  const { definition, preset } = await settingsInQuestion(args);
  return flagSettings(parseFlags(args, settingFlags(definition, preset)), definition);
}

test("flags override the configuration file, which overrides the preset, group by group", async () => {
  const path = await configFile(
    '{"$schema": "x", "epochs": 7, "batchSize": 5, "transforms": {"shortSides": [11, 13]}, "backbone": {"width": 16}}',
  );
  const file = await readConfigFile(path);
  const given = await flags("--data", "voc:d", "--output", "o", "--epochs", "3", "--backbone.depth", "34");
  const config = resolveSources([{ settings: file, file: path }, { settings: given }], ownDefinitions);
  expect(config).toMatchObject({
    epochs: 3,
    batchSize: 5,
    transforms: { shortSides: [11, 13], kind: "letterbox", size: "320x240" },
    data: "voc:d",
    preset: "deformable-detr-small",
    learningRate: 2e-4,
    model: { backbone: { depth: 34, width: 16, norm: "group" } },
  });
});

test("every preset is of one definition", () => {
  expect(presetNames().toSorted()).toEqual(Object.keys(presets).toSorted());
  for (const { presets, recipes } of ownDefinitions) expect(Object.keys(recipes)).toEqual(Object.keys(presets));
});

test.each(presetNames())("%s, all of its backbone trained, is otherwise the model of that name", (preset) => {
  const expected = presets[preset as keyof typeof presets];
  const backbone = { ...expected.backbone, norm: "group", frozenStages: 0 };
  expect(detectorOf(resolve(trainAll, { preset }), 91)).toEqual({ ...expected, numClasses: 91, backbone });
});

test("the published models have no parameter left that is not trained", () => {
  const sizes = {
    backbone: { width: 4 },
    transformer: { dim: 32, heads: 1, feedForwardDim: 3, encoderLayers: 1, decoderLayers: 1 },
    numQueries: 5,
  };
  const parameters = trainedParameters(resolve({ preset: "deformable-detr-r50" }, trainAll, sizes));
  expect(parameters.trained).toBe(parameters.all);
});

test("the demo trains the model whose curves are recorded", () => {
  expect(trainedParameters(resolve(demos[0]?.whole.settings ?? {})).trained).toBe(420_103);
});

function trainedParameters(config: ReturnType<typeof resolve>): { readonly trained: number; readonly all: number } {
  const settings = detectorOf(config, 3);
  const model = config.definition.create(settings, { random: randomFor({ initialize: false }) });
  const count = (parameters: ReadonlyMap<string, { readonly size: number }>): number =>
    [...parameters.values()].reduce((sum, { size }) => sum + size, 0);
  const counted = { trained: count(model.trainableParameters()), all: count(model.parameters()) };
  model.dispose();
  return counted;
}

test("the small presets train everything at one rate, the published ones the backbone at a tenth", () => {
  const small = {
    learningRate: 2e-4,
    learningRateFactors: { backbone: 1 },
    optimizer: { clipNorm: 0.1, weightDecay: 1e-4 },
    batchSize: 4,
    transforms: { kind: "letterbox", size: "320x240", flips: "horizontal" },
    schedule: { kind: "step", dropAt: 0.8, dropFactor: 0.1 },
  };
  expect(resolve({ preset: "detr-small" })).toMatchObject({
    ...small,
    losses: { classification: 1, noObject: 0.1, boxL1: 5, generalizedIou: 2 },
  });
  expect(resolve({ preset: "deformable-detr-small" })).toMatchObject({
    ...small,
    losses: { classification: 2, focalAlpha: 0.25 },
    learningRateFactors: { backbone: 1, sampling: 0.1 },
  });
  const published = {
    learningRateFactors: { backbone: 0.1 },
    model: { transformer: { dropout: 0.1 } },
    transforms: { kind: "detr" },
    batchSize: 2,
    optimizer: { clipNorm: 0.1, weightDecay: 1e-4 },
    losses: { boxL1: 5, generalizedIou: 2 },
  };
  const detr = resolve(trainAll, { preset: "detr-r50" });
  expect(detr).toMatchObject({ ...published, learningRate: 1e-4, epochs: 300, losses: { classification: 1 } });
  const deformable = resolve(trainAll, { preset: "deformable-detr-r50" });
  expect(deformable).toMatchObject({
    ...published,
    learningRate: 2e-4,
    epochs: 50,
    learningRateFactors: { backbone: 0.1, sampling: 0.1 },
    numQueries: 300,
  });
  expect(deformable.schedule.dropAt * deformable.epochs).toBe(40);
});

test("a setting that this detector does not have is refused, and said whose it is", async () => {
  expect(() => resolve({ losses: { noObject: 0.2 } })).toThrow(/unknown setting/u);
  const { trainCommand } = await import("../commands/train.ts");
  await expect(trainCommand(["--losses.no-object", "0.2"])).rejects.toThrow(
    "--losses.no-object is a setting of DETR, which Deformable DETR does not have; " +
      "leave it away, or take one of detr-small",
  );
  await expect(trainCommand(["--preset", "detr-r50", "--boxRefinement"])).rejects.toThrow(
    "--box-refinement is a setting of Deformable DETR, which DETR does not have",
  );
  expect(resolve().file).not.toHaveProperty("transformer.preNorm");
  expect(resolve({ preset: "detr-small" }).file).not.toHaveProperty("transformer.encoderPoints");
});

test.skipIf(process.platform === "win32")("a configuration is read once, so it may come through a pipe", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const written = writeFile(pipe, JSON.stringify({ ...needed, epochs: 7 }));
  let printed = "";
  const streams = { stdout: { write: (text: string) => (printed += text) }, stderr: { write: () => true } };
  expect(await main(["train", "--config", pipe, "--dry-run"], streams)).toBe(0);
  expect(JSON.parse(printed)).toMatchObject({ epochs: 7 });
  await written;
});

test("a flag is a setting's path, in dashes or in capitals; one that has moved says where it is", async () => {
  const dashes = await flags("--backbone.frozen-stages", "1", "--transforms.short-sides=5,7", "--no-auxiliary-losses");
  const capitals = await flags("--backbone.frozenStages", "1", "--transforms.shortSides=5,7", "--no-auxiliaryLosses");
  expect(dashes).toEqual({ backbone: { frozenStages: 1 }, transforms: { shortSides: [5, 7] }, auxiliaryLosses: false });
  expect(capitals).toEqual(dashes);
  await expect(flags("--hidden-dim", "32")).rejects.toThrow(
    "unknown flag --hidden-dim: the setting is transformer.dim",
  );
  await expect(flags("--backbone.dept", "50")).rejects.toThrow("did you mean --backbone.depth?");
  await expect(flags("--backbone.depth", "51")).rejects.toThrow(
    "--backbone.depth takes one of 18, 34, 50, 101, got 51",
  );
});

test("an unknown key of the configuration file is named with its file and what was meant", async () => {
  const path = await configFile('{"batch_size": 4, "epochs": "3", "backbone": {"deptth": 50}, "hiddenDim": 64}');
  const sources = [{ settings: await readConfigFile(path), file: path }];
  const error = await Promise.resolve()
    .then(() => resolveSources(sources, ownDefinitions))
    .catch(String);
  expect(error).toMatch(/config\.json:\n/u);
  expect(error).toMatch(/epochs: /u);
  expect(error).toMatch(/unknown setting "batch_size", did you mean batchSize\?/u);
  expect(error).toMatch(/unknown setting "backbone.deptth", did you mean backbone.depth\?/u);
  expect(error).toMatch(/unknown setting "hiddenDim", it is transformer.dim now/u);
});

test("a configuration file that is no JSON or is missing is named", async () => {
  await expect(readConfigFile(await configFile("{"))).rejects.toThrow("config.json is not JSON");
  await expect(readConfigFile(await configFile("[1]"))).rejects.toThrow("config.json: expected a JSON object");
  await expect(readConfigFile(join(folder, "none.json"))).rejects.toThrow("none.json does not exist");
});

test("an unknown preset is refused with the nearest one", () => {
  expect(() => resolve({ preset: "detr-r5" })).toThrow('there is no preset "detr-r5", did you mean detr-r50?');
});

test("a run needs data and an output folder", () => {
  expect(() => resolveConfig({ output: "o" })).toThrow("--data is missing");
  expect(() => resolveConfig({ data: "shapes:3" })).toThrow("--output is missing");
});

const published = presetNames().filter((preset) => !preset.endsWith("-small"));

test.each(published)("%s is not trained from frozen random weights, and the way out is named", async (preset) => {
  const small = `${definitionOf(preset, ownDefinitions).name}-small`;
  expect(() => resolve({ preset })).toThrow(
    `with --backbone.norm frozen-batch and --backbone.frozen-stages 2 (preset ${preset}) a backbone needs weights ` +
      "that were trained before; a run begins with random ones, and what is frozen would stay random\n" +
      "start from weights: --init FILE; or train all of the backbone: --backbone.norm group " +
      `--backbone.frozen-stages 0, or take --preset ${small}`,
  );
  const given = await flags("--preset", preset, "--backbone.norm", "group", "--backbone.frozenStages", "0");
  expect(resolve(given).model).toMatchObject(trainAll);
});

test("the small presets train all of their backbone; freezing any of it is refused", () => {
  for (const preset of ["detr-small", "deformable-detr-small"]) {
    expect(resolve({ preset }).model).toMatchObject(trainAll);
    const refused = (settings: SettingsTree) => () => resolve({ preset }, settings);
    expect(refused({ backbone: { frozenStages: 1 } })).toThrow(/-stages 1 .*: --backbone.frozen-stages 0$/su);
    expect(refused({ backbone: { norm: "frozen-batch" } })).toThrow(/-batch .*: --backbone.norm group$/su);
    expect(refused({ learningRateFactors: { backbone: 0 } })).toThrow(/: --learning-rate-factors.backbone 1$/su);
    expect(resolve({ preset, backbone: { norm: "batch" } }).model).toMatchObject({ backbone: { norm: "batch" } });
  }
});

test("settings that cannot work are refused", async () => {
  expect(() => resolve({ epochs: 0 })).toThrow("--epochs: ");
  expect(() => resolve({ transforms: { size: "320" } })).toThrow("--transforms.size: expected WIDTHxHEIGHT");
  expect(() => resolve({ transformer: { dim: 32, heads: 7 } })).toThrow(
    "transformer.dim: 32 must be a multiple of transformer.heads, 7",
  );
  expect(() => resolve({ transformer: { dim: 48, heads: 3 } })).toThrow("transformer.dim: 48 must be a multiple of 32");
  expect(() => resolve({ preset: "detr-small", transformer: { dim: 35, heads: 7 } })).toThrow(
    "transformer.dim: 35 must be a multiple of 2",
  );
  expect(() => resolve({ backbone: { returnStages: [3, 2] } })).toThrow("backbone.returnStages: 3,2 must be ascending");
  expect(() => resolve({ featureLevels: 2 })).toThrow(
    "featureLevels: 2 must be at least the 3 of backbone.returnStages",
  );
  expect(() => resolve({ preset: "deformable-detr-r50", twoStage: true })).toThrow("twoStage: needs boxRefinement");
});
