import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  exportStateDict,
  originalDeformableDetr,
  originalDetr,
  readParameters,
  saveCheckpoint,
  writeSafetensors,
} from "@detrkit/checkpoint";
import { Random } from "@detrkit/common";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { detrEvaluation } from "@detrkit/image/pixels";
import { Linear } from "@detrkit/nn";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { cocoCategories } from "./coco-classes.ts";
import { descriptionMetadata } from "./description.ts";
import { loadDetector } from "./load-detector.ts";

const folder = temporaryFolder();
useBackend("cpu");

const small = { heads: 8, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 24, dim: 32 };
const detr = presets["detr-r50"];
const deformable = presets["deformable-detr-r50-refine"];
const published: readonly (readonly [string, DetectorConfig, typeof originalDetr])[] = [
  [
    "DETR",
    {
      ...detr,
      backbone: { ...detr.backbone, depth: 18, width: 8 },
      transformer: { ...detr.transformer, ...small },
      numQueries: 5,
    },
    originalDetr,
  ],
  [
    "Deformable DETR",
    {
      ...deformable,
      backbone: { ...deformable.backbone, depth: 18, width: 8 },
      transformer: { ...deformable.transformer, ...small },
      numQueries: 5,
    },
    originalDeformableDetr,
  ],
];

test.each(published)(
  "a state dict of the authors' code, %s, is loaded with COCO's names and finds what its model finds",
  async (name, config, dialect) => {
    const model = createDetector(config, { seed: 3 });
    const parameters = await readParameters(model);
    const path = join(folder, `${name}.safetensors`);
    await writeSafetensors(path, exportStateDict(parameters, { dialect }), {});
    const detector = await loadDetector(path);
    expect(detector.description.detector).toEqual(config);
    expect(detector.description.categories).toEqual(cocoCategories);
    expect(detector.classes[18]).toBe("dog");
    for (const [parameter, { values }] of await readParameters(detector.model)) {
      expect([parameter, values]).toEqual([parameter, parameters.get(parameter)?.values]);
    }
    const named = await loadDetector(path, {
      config,
      classes: cocoCategories.map(({ name }, id) => (id === 18 ? "hound" : name)),
    });
    expect(named.classes[18]).toBe("hound");
    named.dispose();
    await expect(loadDetector(path, { classes: ["cat"] })).rejects.toThrow(
      'the model has 91 labels, "classes" has 1 names',
    );
    detector.dispose();
    model.dispose();
  },
);

test("a file that is neither a checkpoint nor a state dict that is known is refused", async () => {
  const path = join(folder, "other.safetensors");
  await writeSafetensors(path, new Map([["a.weight", { dtype: "float32", shape: [1], values: new Float32Array(1) }]]), {
    format: "pt",
  });
  await expect(loadDetector(path)).rejects.toThrow(
    `${path}: is no state dict of fundamentalvision/Deformable-DETR or facebookresearch/detr`,
  );
});

test("a checkpoint of something else than a detector is refused", async () => {
  const path = join(folder, "head.safetensors");
  const model = new Linear({ inputDim: 2, outputDim: 3, random: new Random(1) });
  await saveCheckpoint(path, { model, metadata: { classes: ["cat"], categoryIds: [17], config: { layers: 1 } } });
  await expect(loadDetector(path)).rejects.toThrow(`${path}: is not a detector checkpoint`);
  model.dispose();
});

test("a checkpoint of a model that no configuration describes names the way to load it", async () => {
  const path = join(folder, "own.safetensors");
  const model = new Linear({ inputDim: 2, outputDim: 3, random: new Random(1) });
  const metadata = descriptionMetadata({ categories: [{ id: 17, name: "cat" }], transforms: detrEvaluation });
  await saveCheckpoint(path, { model, metadata });
  await expect(loadDetector(path)).rejects.toThrow(`${path}: was trained without a configuration of its model`);
  model.dispose();
});

test("what is not there, and a folder without a checkpoint, are named", async () => {
  await expect(loadDetector(join(folder, "none"))).rejects.toThrow(
    "none does not exist; expected a run folder, a .safetensors or .pth file, a folder of Hugging Face, or hf:OWNER",
  );
  const run = join(folder, "run");
  await mkdir(run);
  await expect(loadDetector(run)).rejects.toThrow(`${run} holds no checkpoint yet`);
});

test("COCO's labels are its category ids", () => {
  expect(cocoCategories).toHaveLength(91);
  expect([1, 17, 44, 90].map((id) => cocoCategories[id])).toEqual([
    { id: 1, name: "person" },
    { id: 17, name: "cat" },
    { id: 44, name: "bottle" },
    { id: 90, name: "toothbrush" },
  ]);
  expect(cocoCategories.filter(({ name }) => name === "N/A").map(({ id }) => id)).toEqual([
    0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83,
  ]);
});

test("a description that is invalid or larger than the file is refused before anything is built", async () => {
  const config: DetectorConfig = {
    ...presets["detr-small"],
    transformer: { ...presets["detr-small"].transformer, dim: 32, feedForwardDim: 16 },
    numQueries: 5,
  };
  const model = createDetector(config, { seed: 1 });
  const saved = async (name: string, changes: object): Promise<string> => {
    const path = join(folder, `${name}.safetensors`);
    const detector = { ...config, ...changes };
    await saveCheckpoint(path, {
      model,
      metadata: { classes: ["a", "b", "c"], categoryIds: [1, 2, 3], config: { detector, transforms: { steps: [] } } },
    });
    return path;
  };
  const cases: readonly (readonly [string, object, string])[] = [
    ["layers", { transformer: { ...config.transformer, encoderLayers: 1e8 } }, "transformer.feedForwardDim cannot be"],
    ["queries", { numQueries: 1e9 }, "numQueries cannot be"],
    ["width", { backbone: { ...config.backbone, width: 1e6 } }, "backbone.width cannot be"],
    ["blocks", { backbone: { ...config.backbone, blocks: [1e6, 1, 1, 1] } }, "backbone.blocks cannot be"],
    ["text", { numClasses: "many" }, 'numClasses: expected a whole number from 1, got "many"'],
    ["nothing", { transformer: null }, "transformer: Invalid input: expected object, received null"],
  ];
  for (const [name, changes, message] of cases) {
    const path = await saved(name, changes);
    await expect(loadDetector(path)).rejects.toThrow(message);
  }
  (await loadDetector(await saved("right", {}))).dispose();
  model.dispose();
});
