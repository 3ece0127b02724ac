import { join } from "node:path";
import {
  exportStateDict,
  originalDeformableDetr,
  originalDetr,
  readParameters,
  saveCheckpoint,
  type TensorData,
  torchvisionPrefix,
  torchvisionResNet,
  writeSafetensors,
} from "@detrkit/checkpoint";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { detrEvaluation } from "@detrkit/image/pixels";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { cocoCategories } from "./coco-classes.ts";
import { descriptionMetadata } from "./description.ts";
import { ownFamilies } from "./families.ts";
import { initialise, type InitialReport } from "./initialise.ts";
import { readWeights } from "./weights.ts";

const folder = temporaryFolder();
const huggingFace = join(import.meta.dirname, "..", "..", "..", "fixtures", "hugging-face");
useBackend("cpu");

const sizes = { heads: 8, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 24, dim: 32 };
const backbone = { ...presets["detr-r50"].backbone, depth: 18, width: 8 } as const;
const detr: DetectorConfig = {
  ...presets["detr-r50"],
  backbone,
  transformer: { ...presets["detr-r50"].transformer, ...sizes },
  numQueries: 5,
};
const variant = (name: "" | "-refine" | "-two-stage"): DetectorConfig => {
  const preset = presets[`deformable-detr-r50${name}`];
  return {
    ...preset,
    backbone: { ...backbone, returnStages: [2, 3, 4] },
    transformer: { ...preset.transformer, ...sizes },
    numQueries: 5,
  };
};

interface Started {
  readonly report: InitialReport;
  readonly before: ReadonlyMap<string, TensorData>;
  readonly after: ReadonlyMap<string, TensorData>;
}

/** A new model of these settings and classes, and what a file makes of it. */
async function start(path: string, settings: DetectorConfig, classes: readonly string[]): Promise<Started> {
  const weights = await readWeights(path);
  const own = { ...settings, numClasses: classes.length };
  const family = ownFamilies.find(({ name }) => name === own.model);
  if (family === undefined) throw new Error("no family");
  const model = createDetector(own, { seed: 99 });
  try {
    const before = await readParameters(model);
    const report = await initialise(weights, { model, family, settings: own, classes });
    return { report, before, after: await readParameters(model) };
  } finally {
    model.dispose();
  }
}

/** The numbers of one class: of a bias one, of a weight a column. */
function rowOf(tensors: ReadonlyMap<string, TensorData>, head: string, row: number): number[] {
  const { values, shape } = tensors.get(`${head}.weight`) as TensorData;
  const [D = 0, C = 0] = shape;
  const bias = tensors.get(`${head}.bias`)?.values[row] as number;
  return [...Array.from({ length: D }, (_, index) => values[index * C + row] as number), bias];
}

/** Initial weights are the same in all heads, and biases zero: with noise a test notices what comes from where. */
function distinct(tensors: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  return new Map(
    [...tensors].map(([path, data], tensor) => [
      path,
      { ...data, values: Float32Array.from(data.values, (value, at) => value + tensor + at / 1000) },
    ]),
  );
}

const models = [
  ["DETR", detr, originalDetr, ["classHead"]],
  ["Deformable DETR", variant(""), originalDeformableDetr, ["classHeads.0"]],
  ["Deformable DETR with refinement", variant("-refine"), originalDeformableDetr, ["classHeads.0", "classHeads.1"]],
  ["two-stage Deformable DETR", variant("-two-stage"), originalDeformableDetr, ["classHeads.0", "classHeads.1"]],
] as const;

describe.each(models)("weights of the authors' %s", (name, config, dialect, heads) => {
  const path = join(folder, `${name}.safetensors`);
  let file: ReadonlyMap<string, TensorData>;
  beforeAll(async () => {
    const model = createDetector(config, { seed: 3 });
    file = distinct(await readParameters(model));
    model.dispose();
    await writeSafetensors(path, exportStateDict(file, { dialect }), {});
  });

  test("give all but the class heads, and rows of these by COCO's names", async () => {
    const { report, before, after } = await start(path, config, ["Dog", "platelet", "cell-phone"]);
    expect(report.missing).toEqual([]);
    expect(report.unexpected).toEqual([]);
    expect(report.mismatched).toEqual([]);
    expect(report.keptClasses).toEqual([
      { name: "Dog", from: "dog" },
      { name: "cell-phone", from: "cell phone" },
    ]);
    expect(report.newClasses).toEqual(["platelet"]);
    expect(report.loaded.length + report.partly.length).toBe(after.size);
    for (const path of report.loaded) expect([path, after.get(path)]).toEqual([path, file.get(path)]);
    for (const head of heads) {
      expect(rowOf(after, head, 0)).toEqual(rowOf(file, head, 18));
      expect(rowOf(after, head, 2)).toEqual(rowOf(file, head, 77));
      expect(rowOf(after, head, 1)).toEqual(rowOf(before, head, 1));
    }
    expect(report.partly.filter(({ path }) => path.startsWith(heads[0]))[0]).toEqual({
      path: `${heads[0]}.weight`,
      of: "class",
      loaded: dialect === originalDetr ? 3 : 2,
      rows: dialect === originalDetr ? 4 : 3,
    });
  });

  test("without a class of the same name leave the heads as they are", async () => {
    const { report, before, after } = await start(path, config, ["RBC", "WBC"]);
    expect(report.keptClasses).toEqual([]);
    expect(report.newClasses).toEqual(["RBC", "WBC"]);
    for (const head of heads) expect(after.get(`${head}.weight`)).toEqual(before.get(`${head}.weight`));
  });

  test("with COCO's own classes are taken whole", async () => {
    const { report, after } = await start(
      path,
      config,
      cocoCategories.map((category) => category.name),
    );
    expect(report.partly).toEqual([]);
    expect([...after]).toEqual([...after.keys()].map((key) => [key, file.get(key)]));
  });

  test("do not fit a model of another width: nothing is loaded, the settings are named", async () => {
    const { transformer } = config;
    const wide = { ...config, transformer: { ...transformer, dim: 64 } } as DetectorConfig;
    await expect(start(path, wide, ["cat"])).rejects.toThrow(
      /does not fit the model: \d+ have another shape.*Nothing was loaded.*transformer\.dim is 64, the file's 32/u,
    );
    const deep = { ...config, transformer: { ...transformer, encoderLayers: 2 } } as DetectorConfig;
    await expect(start(path, deep, ["cat"])).rejects.toThrow(
      /does not fit the model: \d+ parameters are not in it, transformer\.encoder\.layers\.1\./u,
    );
  });
});

test('DETR keeps its row of "no object" beside rows of classes', async () => {
  const path = join(folder, "DETR.safetensors");
  const { tensors } = await readWeights(path);
  const { after } = await start(path, detr, ["dog", "hen"]);
  expect(rowOf(after, "classHead", 2)).toEqual(rowOf(tensors, "classHead", 91));
});

test.each([
  ["DETR", detr, "queryEmbedding.weight"],
  ["Deformable DETR", variant(""), "queries.queryEmbedding.weight"],
] as const)("weights of %s for other queries give those that both have, and it is said", async (name, config, path) => {
  const file = join(folder, `${name}.safetensors`);
  const { report, before, after } = await start(file, { ...config, numQueries: 7 }, ["cat"]);
  expect(report.otherSettings).toContainEqual({ setting: "numQueries", model: 7, file: 5 });
  expect(report.partly.find(({ of }) => of === "query")).toEqual({ path, of: "query", loaded: 5, rows: 7 });
  const known = (await readWeights(file)).tensors.get(path)?.values ?? [];
  const own = before.get(path)?.values ?? [];
  expect([...(after.get(path)?.values ?? [])]).toEqual([...known, ...own.slice(known.length)]);
});

test("the encoder's head of a two-stage model keeps its first row, which means any object", async () => {
  const path = join(folder, "two-stage Deformable DETR.safetensors");
  const { tensors } = await readWeights(path);
  const { before, after } = await start(path, variant("-two-stage"), ["RBC", "WBC"]);
  expect(rowOf(after, "classHeads.2", 0)).toEqual(rowOf(tensors, "classHeads.2", 0));
  expect(rowOf(after, "classHeads.2", 1)).toEqual(rowOf(before, "classHeads.2", 1));
});

test.each(["detr", "deformable-detr", "deformable-detr-refine", "deformable-detr-two-stage"])(
  "a folder of Hugging Face, %s, brings its class names and its settings",
  async (name) => {
    const path = join(huggingFace, name);
    const weights = await readWeights(path);
    expect(weights).toMatchObject({
      source: path,
      format: "Hugging Face",
      classes: ["N/A", "cat", "dog"],
      unknown: [],
    });
    const settings = { ...weights.settings, model: weights.family?.name, numClasses: 3 } as DetectorConfig;
    const { report, after } = await start(path, settings, ["N/A", "dog"]);
    expect(report).toMatchObject({ missing: [], unexpected: [], mismatched: [], otherSettings: [] });
    expect(report.keptClasses).toEqual([{ name: "dog", from: "dog" }]);
    const head = name === "detr" ? "classHead" : "classHeads.0";
    expect(rowOf(after, head, 1)).toEqual(rowOf(weights.tensors, head, 2));
  },
);

test("a checkpoint knows its own classes: as many others are not taken for the same", async () => {
  const path = join(folder, "own.safetensors");
  const detector: DetectorConfig = { ...variant("-refine"), numClasses: 2 };
  const model = createDetector(detector, { seed: 5 });
  const categories = ["circle", "square"].map((name, id) => ({ id, name }));
  await saveCheckpoint(path, {
    model,
    metadata: descriptionMetadata({ detector, categories, transforms: detrEvaluation }),
  });
  const file = await readParameters(model);
  model.dispose();
  const { report, after } = await start(path, detector, ["square", "star"]);
  expect(report.keptClasses).toEqual([{ name: "square", from: "square" }]);
  expect(rowOf(after, "classHeads.1", 0)).toEqual(rowOf(file, "classHeads.1", 1));
  expect((await start(path, detector, ["circle", "square"])).report.partly).toEqual([]);
});

test("a ResNet of torchvision gives the backbone, and says what of it has no place", async () => {
  const path = join(folder, "resnet18.safetensors");
  const model = createDetector(detr, { seed: 7 });
  const parameters = distinct(await readParameters(model));
  model.dispose();
  const ofBackbone = new Map([...parameters].filter(([name]) => name.startsWith("backbone.")));
  const stateDict = exportStateDict(ofBackbone, { dialect: torchvisionResNet, keyPrefix: torchvisionPrefix });
  const [classifier] = stateDict.values();
  await writeSafetensors(path, new Map([...stateDict, ["fc.weight", classifier as TensorData]]));
  const weights = await readWeights(path);
  expect(weights.family).toBeUndefined();
  expect(weights.settings).toEqual({
    backbone: { depth: 18, width: 8, norm: "frozen-batch", stem: "7x7pool", frozenStages: 2 },
  });
  const shallow = { ...detr, backbone: { ...detr.backbone, returnStages: [3] } };
  const { report, before, after } = await start(path, shallow, ["cat"]);
  expect(report.loaded.every((name) => name.startsWith("backbone."))).toBe(true);
  expect(report.loaded).toHaveLength([...after.keys()].filter((name) => name.startsWith("backbone.")).length);
  expect(report.unexpected.every((name) => name.startsWith("backbone.stages.3."))).toBe(true);
  expect(report.unexpected.length).toBeGreaterThan(5);
  expect(after.get("inputProjection.weight")).toEqual(before.get("inputProjection.weight"));
  for (const name of report.loaded) expect([name, after.get(name)]).toEqual([name, parameters.get(name)]);
  await expect(start(path, { ...detr, backbone: { ...detr.backbone, depth: 34 } }, ["cat"])).rejects.toThrow(
    "backbone.depth is 34, the file's 18",
  );
});

test("weights of another kind of detector are refused", async () => {
  await expect(start(join(huggingFace, "detr"), variant(""), ["cat"])).rejects.toThrow(
    "holds a DETR, the model is a Deformable DETR",
  );
});
