import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readParameters, readSafetensors, saveCheckpoint, type TensorData } from "@detrkit/checkpoint";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { detrEvaluation, fixedSize, letterboxed, type TransformRecipe } from "@detrkit/image/pixels";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { tensor } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { descriptionMetadata } from "../description.ts";
import { loadDetector } from "../load-detector.ts";
import { convertDetector, type WeightFormat } from "./convert-detector.ts";

const folder = temporaryFolder();
useBackend("cpu");

const sizes = { heads: 4, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 24, dim: 32 };
const categories = ["cat", "dog", "hen"].map((name, id) => ({ id, name }));
type Changes = { readonly depth?: 18 | 50; readonly width?: number; readonly preNorm?: boolean };
const smaller = (preset: keyof typeof presets, { depth = 18, width = 64, ...transformer }: Changes = {}) => {
  const config = presets[preset];
  return {
    ...config,
    backbone: { ...config.backbone, depth, width },
    transformer: { ...config.transformer, ...sizes, ...transformer },
    numQueries: 7,
    numClasses: 3,
  } as DetectorConfig;
};

/** The bits of every tensor, in short. */
const bitsOf = (tensors: ReadonlyMap<string, TensorData>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...tensors].map(([name, { values, shape }]) => [
      name,
      `${shape.join()} ${createHash("sha256").update(values).digest("hex")}`,
    ]),
  );

/** A checkpoint of a model whose numbers are all different, with one that only its bits tell from 0. */
async function checkpointOf(
  path: string,
  detector: DetectorConfig,
  transforms: TransformRecipe = detrEvaluation,
): Promise<Readonly<Record<string, string>>> {
  const model = createDetector(detector, { initialize: false });
  let next = 1;
  for (const parameter of model.parameters().values()) {
    const values = Float32Array.from({ length: parameter.size }, () => Math.fround(next++ * 1e-7));
    values[0] = -0;
    parameter.assign(tensor(values, [...parameter.shape]));
  }
  await saveCheckpoint(path, { model, metadata: descriptionMetadata({ detector, categories, transforms }) });
  const bytes = bitsOf(await readParameters(model));
  model.dispose();
  return bytes;
}

const narrow = { width: 8 };
const small = smaller("detr-r50", narrow);
const threeStages = { ...small, backbone: { ...small.backbone, returnStages: [3] } } as DetectorConfig;
const learned = { ...small, positionEncoding: { kind: "learned" } } as DetectorConfig;
const variants: readonly (readonly [string, DetectorConfig, WeightFormat])[] = [
  ["DETR", small, "hugging-face"],
  ["DETR of three stages", threeStages, "hugging-face"],
  ["DETR with learned positions", learned, "hugging-face"],
  ["DETR", smaller("detr-r50"), "original"],
  ["DETR before each part a norm", smaller("detr-r50", { preNorm: true }), "original"],
  ["DETR, DC5", smaller("detr-r50-dc5", { depth: 50 }), "hugging-face"],
  ["Deformable DETR", smaller("deformable-detr-r50", narrow), "hugging-face"],
  ["Deformable DETR", smaller("deformable-detr-r50"), "original"],
  ["Deformable DETR, refining", smaller("deformable-detr-r50-refine", narrow), "hugging-face"],
  ["Deformable DETR, refining", smaller("deformable-detr-r50-refine"), "original"],
  ["Deformable DETR, two-stage", smaller("deformable-detr-r50-two-stage", narrow), "hugging-face"],
  ["Deformable DETR, two-stage", smaller("deformable-detr-r50-two-stage"), "original"],
  ["Deformable DETR, one level", smaller("deformable-detr-r50-single-scale", narrow), "hugging-face"],
  ["Deformable DETR, one level, DC5", smaller("deformable-detr-r50-single-scale-dc5", { depth: 50 }), "original"],
];

test.each(variants)(
  "%s comes back to the bit, with settings, classes and transforms",
  async (name, config, to) => {
    const home = join(folder, `${name} ${to}`);
    await mkdir(home);
    const transforms = fixedSize({ width: 96, height: 64 }, { training: false });
    const before = await checkpointOf(join(home, "own.safetensors"), config, transforms);
    const there = await convertDetector(join(home, "own.safetensors"), { to, output: join(home, "there") });
    const back = await convertDetector(there.weights, { to: "detrkit", output: join(home, "back") });
    const { tensors } = await readSafetensors(back.files[0] as string);
    expect(bitsOf(tensors)).toEqual(before);
    const detector = await loadDetector(back.weights);
    expect(detector.description).toEqual({ detector: config, categories, transforms });
    detector.dispose();
    await rm(home, { recursive: true });
  },
  120_000,
);

test("what was never whole is no folder of Transformers, and nothing that is there is overwritten", async () => {
  const path = join(folder, "own.safetensors");
  await checkpointOf(path, smaller("detr-r50", { width: 8 }));
  const output = join(folder, "taken");
  await mkdir(output);
  await writeFile(join(output, "config.json"), "mine");
  await expect(convertDetector(path, { to: "hugging-face", output })).rejects.toThrow(
    `${join(output, "config.json")} is there already; choose another folder`,
  );
  expect(await readdir(output)).toEqual(["config.json"]);
});

test("settings that the other program can't express are named, and nothing is written", async () => {
  const refining = smaller("deformable-detr-r50-refine", narrow);
  const own = {
    ...refining,
    backbone: { ...refining.backbone, norm: "group", stem: "3x3pool", returnStages: [2, 3], frozenStages: 0 },
    featureLevels: 2,
  } as DetectorConfig;
  const path = join(folder, "group.safetensors");
  await checkpointOf(path, own);
  const output = join(folder, "none");
  await expect(convertDetector(path, { to: "hugging-face", output })).rejects.toThrow(
    `${path}: Transformers can't express backbone.norm group: its ResNet has batch norms; backbone.stem 3x3pool: `,
  );
  await expect(convertDetector(path, { to: "original", output })).rejects.toThrow(
    /can't express backbone\.norm group.*backbone\.width 8.*backbone\.returnStages 2,3: expected 2,3,4/u,
  );
  await expect(readdir(output)).rejects.toThrow("ENOENT");
  const normless = { ...smaller("detr-r50", { width: 8 }), positionEncoding: { kind: "sine", normalize: false } };
  await checkpointOf(join(folder, "sine.safetensors"), normless as DetectorConfig);
  await expect(convertDetector(join(folder, "sine.safetensors"), { to: "hugging-face", output })).rejects.toThrow(
    "positionEncoding.normalize false",
  );
});

test("config.json says what Transformers needs, names by label among it", async () => {
  const path = join(folder, "names.safetensors");
  await checkpointOf(path, smaller("deformable-detr-r50-two-stage", { width: 8 }));
  const output = join(folder, "names");
  await convertDetector(path, { to: "hugging-face", output });
  expect(JSON.parse(await readFile(join(output, "config.json"), "utf8"))).toMatchObject({
    model_type: "deformable_detr",
    id2label: { 0: "cat", 1: "dog", 2: "hen" },
    label2id: { cat: 0, dog: 1, hen: 2 },
    two_stage: true,
    two_stage_num_proposals: 7,
    backbone_config: {
      hidden_sizes: [8, 16, 32, 64],
      layer_type: "basic",
      out_features: ["stage2", "stage3", "stage4"],
    },
  });
  expect(JSON.parse(await readFile(join(output, "preprocessor_config.json"), "utf8"))).toMatchObject({
    size: { shortest_edge: 800, longest_edge: 1333 },
    image_mean: [0.485, 0.456, 0.406],
  });
});

test.each([
  ["letterboxed", letterboxed({ width: 96, height: 64 }, { training: false }), { max_height: 64, max_width: 96 }],
  ["of one size", fixedSize({ width: 96, height: 64 }, { training: false }), { height: 64, width: 96 }],
] as const)("images that are %s are so in Transformers, and on the way back", async (name, transforms, size) => {
  const path = join(folder, `${name}.safetensors`);
  await checkpointOf(path, smaller("deformable-detr-r50", narrow), transforms);
  const output = join(folder, name);
  await convertDetector(path, { to: "hugging-face", output });
  expect(JSON.parse(await readFile(join(output, "preprocessor_config.json"), "utf8"))).toMatchObject({ size });
  const detector = await loadDetector(output);
  expect(detector.description.transforms).toEqual(transforms);
  detector.dispose();
});
