import { Random } from "@detrkit/common";
import { MultiScaleDeformableAttention } from "@detrkit/deformable-attention";
import type { PaddedBatch } from "@detrkit/nn";
import { LearnedPositionEncoding, SinePositionEncoding } from "@detrkit/position-encoding";
import { uniformTensor, useBackend } from "@detrkit/test-utils";
import { Transformer } from "@detrkit/transformer";
import { dispose, type Rank, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { PatchBackbone } from "../test-support/patch-detector.ts";
import { createDetector } from "./create-detector.ts";
import type { DeformableTransformer } from "./deformable/deformable-config.ts";
import type { DetectionModel } from "./detection-model.ts";
import type { DeformableDetrSettings, DetrSettings } from "./settings.ts";
import { presets } from "./presets.ts";

useBackend("cpu");

/** The smallest network that has every part. */
const tiny: DetrSettings = {
  ...presets["detr-small"],
  backbone: { ...presets["detr-small"].backbone, width: 4 },
  transformer: { dim: 8, heads: 2, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 12, dropout: 0, preNorm: false },
  numQueries: 5,
};

/** Runs a model on an image; how many decoder layers there are. */
function expectRuns(model: DetectionModel): number {
  return tidy(() => {
    const images = uniformTensor<Rank.R4>([1, 37, 41, 3], { seed: 1 });
    const { stacked } = model.call({
      images,
      paddingMask: zeros([1, 37, 41], "bool"),
      sizes: [{ height: 37, width: 41 }],
    });
    expect(stacked.boxes.shape.slice(1)).toEqual([1, 5, 4]);
    expect(stacked.boxes.dataSync().every((value) => value > 0 && value < 1)).toBe(true);
    return stacked.boxes.shape[0];
  });
}

function countWeights(model: DetectionModel): { total: number; trainable: number } {
  const weights = [...model.parameters().values()].filter(({ kind }) => kind === "weight");
  const count = (parameters: typeof weights): number => parameters.reduce((sum, { size }) => sum + size, 0);
  return { total: count(weights), trainable: count(weights.filter(({ trainable }) => trainable)) };
}

test("a Deformable DETR may learn its position encoding; its other weights stay the same", () => {
  const deformable = presets["deformable-detr-small"];
  const settings: DeformableDetrSettings = {
    ...deformable,
    backbone: { ...deformable.backbone, width: 4, returnStages: [2, 3] },
    transformer: { ...deformable.transformer, dim: 32, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 12 },
    featureLevels: 2,
    numQueries: 5,
  };
  const [sine, learned] = [settings, { ...settings, positionEncoding: { kind: "learned" } as const }].map((each) =>
    createDetector(each, { seed: 3 }),
  );
  const paths = [...(learned?.parameters().keys() ?? [])];
  expect(paths.filter((path) => sine?.parameters().has(path) !== true)).toEqual([
    "positionEncoding.rowEmbedding.weight",
    "positionEncoding.columnEmbedding.weight",
  ]);
  const valuesOf = (model: DetectionModel | undefined, path: string): number[] => [
    ...(model?.parameters().get(path)?.value.dataSync() ?? []),
  ];
  const different = [...(sine?.parameters().keys() ?? [])].filter(
    (path) => JSON.stringify(valuesOf(sine, path)) !== JSON.stringify(valuesOf(learned, path)),
  );
  expect(different).toEqual([]);
  expectRuns(learned as DetectionModel);
  sine?.dispose();
  learned?.dispose();
});

/** Of the recorded training on generated shapes: half as wide, another stem, positions in cells. */
const shapes: DetrSettings = {
  ...presets["detr-small"],
  backbone: { ...presets["detr-small"].backbone, width: 16, stem: "3x3pool" },
  positionEncoding: { kind: "sine", normalize: false },
  transformer: { ...presets["detr-small"].transformer, dim: 64, feedForwardDim: 128 },
  numQueries: 20,
};

const deformableSmall = presets["deformable-detr-small"];

/** The same of Deformable DETR. */
const deformableShapes: DeformableDetrSettings = {
  ...deformableSmall,
  backbone: { ...deformableSmall.backbone, width: 16, stem: "3x3pool", returnStages: [2, 3] },
  transformer: { ...deformableSmall.transformer, dim: 64, feedForwardDim: 128 },
  featureLevels: 2,
  numQueries: 40,
};

const deformableTiny: DeformableDetrSettings = {
  ...deformableShapes,
  backbone: { ...deformableShapes.backbone, width: 4 },
  transformer: {
    dim: 32,
    heads: 2,
    encoderLayers: 1,
    decoderLayers: 2,
    feedForwardDim: 12,
    dropout: 0,
    encoderPoints: 1,
    decoderPoints: 2,
  },
  numQueries: 5,
};

test.each([
  // Published counts; the difference is the stem and the first stage, which are not trained.
  { name: "detr-r50", config: presets["detr-r50"], total: 41_524_768, trainable: 41_302_368 },
  { name: "detr-r101-dc5", config: presets["detr-r101-dc5"], total: 60_464_672, trainable: 60_242_272 },
  { name: "detr-small", config: presets["detr-small"], total: 1_618_984, trainable: 1_618_984 },
  { name: "the shapes variant", config: shapes, total: 406_680, trainable: 406_680 },
  { name: "deformable-detr-r50", config: presets["deformable-detr-r50"], total: 40_069_665, trainable: 39_847_265 },
  {
    name: "deformable-detr-r50-refine",
    config: presets["deformable-detr-r50-refine"],
    total: 40_849_660,
    trainable: 40_627_260,
  },
  {
    name: "deformable-detr-r50-two-stage",
    config: presets["deformable-detr-r50-two-stage"],
    total: 41_181_529,
    trainable: 40_959_129,
  },
  {
    name: "deformable-detr-r50-single-scale-dc5",
    config: presets["deformable-detr-r50-single-scale-dc5"],
    total: 34_066_593,
    trainable: 33_844_193,
  },
  // As the recorded trainings have them.
  { name: "deformable-detr-small", config: deformableSmall, total: 3_764_231, trainable: 3_764_231 },
  { name: "the shapes variant of Deformable DETR", config: deformableShapes, total: 420_103, trainable: 420_103 },
  {
    name: "the same without refinement",
    config: { ...deformableShapes, boxRefinement: false },
    total: 402_553,
    trainable: 402_553,
  },
])("$name has $total parameters, of which $trainable are trained", ({ config, total, trainable }) => {
  const model = createDetector(config, { initialize: false });
  expect(countWeights(model)).toEqual({ total, trainable });
  model.dispose();
});

test("a configuration survives being stored as JSON", () => {
  for (const config of Object.values(presets)) expect(JSON.parse(JSON.stringify(config))).toEqual(config);
});

test("parameters lie under the paths that checkpoints use", () => {
  const model = createDetector({ ...tiny, positionEncoding: { kind: "learned" } });
  const paths = [...model.parameters().keys()];
  for (const path of [
    "backbone.stem.convolution.weight",
    "backbone.stages.1.0.shortcut.norm.weight",
    "inputProjection.bias",
    "positionEncoding.rowEmbedding.weight",
    "transformer.encoder.layers.0.selfAttention.query.weight",
    "transformer.decoder.layers.1.crossAttentionNorm.bias",
    "transformer.decoder.norm.weight",
    "queryEmbedding.weight",
    "classHead.weight",
    "boxHead.layers.2.bias",
  ]) {
    expect(paths).toContain(path);
  }
  model.dispose();
});

test("parameters of a Deformable DETR lie under the paths that checkpoints use", () => {
  const ownersOf = (config: DeformableDetrSettings): Set<string> => {
    const model = createDetector(config);
    const owners = [...model.parameters().keys()].map((path) => path.slice(0, path.lastIndexOf(".")));
    model.dispose();
    return new Set(owners.filter((path) => !path.startsWith("backbone.")));
  };
  const attention = ["samplingOffsets", "attentionWeights", "value", "output"];
  const common = [
    ...[0, 1].flatMap((level) => [`inputProjections.${level}.convolution`, `inputProjections.${level}.norm`]),
    "levelEmbedding",
    ...attention.map((part) => `transformer.encoder.layers.0.selfAttention.${part}`),
    ...["selfAttentionNorm", "feedForward.expand", "feedForward.contract", "feedForwardNorm"].map(
      (part) => `transformer.encoder.layers.0.${part}`,
    ),
    ...[0, 1].flatMap((layer) =>
      [
        ...["query", "key", "value", "output"].map((part) => `selfAttention.${part}`),
        "selfAttentionNorm",
        ...attention.map((part) => `crossAttention.${part}`),
        "crossAttentionNorm",
        "feedForward.expand",
        "feedForward.contract",
        "feedForwardNorm",
      ].map((part) => `transformer.decoder.layers.${layer}.${part}`),
    ),
  ];
  const heads = (count: number): string[] =>
    Array.from({ length: count }, (_, head) => [
      `classHeads.${head}`,
      ...[0, 1, 2].map((layer) => `boxHeads.${head}.layers.${layer}`),
    ]).flat();
  const learned = ["queries.queryEmbedding", "queries.referencePoints"];
  const proposed = ["encoderOutput", "encoderOutputNorm", "queryProjection", "queryProjectionNorm"].map(
    (name) => `queries.${name}`,
  );
  expect(ownersOf({ ...deformableTiny, boxRefinement: false })).toEqual(new Set([...common, ...learned, ...heads(1)]));
  expect(ownersOf(deformableTiny)).toEqual(new Set([...common, ...learned, ...heads(2)]));
  expect(ownersOf({ ...deformableTiny, twoStage: true })).toEqual(new Set([...common, ...proposed, ...heads(3)]));
});

test("your own backbone and position encoding replace the configuration's", () => {
  for (const config of [tiny, deformableTiny]) {
    const { dim } = config.transformer;
    const positionEncoding = new LearnedPositionEncoding({ dim, random: new Random(1) });
    const parts = { backbone: new PatchBackbone(), positionEncoding };
    const model: DetectionModel = createDetector(config, { parts });
    expect(model).toMatchObject(parts);
    expectRuns(model);
    model.dispose();
  }
});

test("your own transformer replaces the configuration's, in each model", () => {
  const random = new Random(1);
  const sizes = { heads: 2, encoderLayers: 1, decoderLayers: 3, feedForwardDim: 7, random };
  const dense = new Transformer({ dim: 8, ...sizes });
  const detr = createDetector(tiny, { parts: { transformer: dense } });
  const attention = () => new MultiScaleDeformableAttention({ dim: 32, heads: 2, levels: 2, points: 3, random });
  const attentions = { decoderNorm: false, encoderAttention: attention, decoderAttention: attention };
  const sampling = new Transformer({ dim: 32, ...sizes, ...attentions });
  const deformable = createDetector(deformableTiny, { parts: { transformer: sampling } });
  expect([detr.transformer, deformable.transformer]).toEqual([dense, sampling]);
  for (const model of [detr, deformable]) {
    expect(expectRuns(model)).toBe(3);
    model.dispose();
  }
});

test("the other parts have the same initial weights next to your own part", () => {
  const plain = createDetector(tiny, { seed: 3 });
  const own = createDetector(tiny, { seed: 3, parts: { backbone: new PatchBackbone() } });
  const valuesOf = (model: DetectionModel, path: string): unknown => model.parameters().get(path)?.value.dataSync();
  const attention = "transformer.encoder.layers.0.selfAttention";
  for (const path of ["classHead.weight", "queryEmbedding.weight", `${attention}.query.weight`]) {
    expect(valuesOf(own, path)).toEqual(valuesOf(plain, path));
  }
  plain.dispose();
  own.dispose();
});

test("a backbone that brings a second copy of @detrkit/nn is found, frozen and freed like any other", async () => {
  vi.resetModules();
  const second = await import("../test-support/patch-detector.ts");
  expect(second.PatchBackbone).not.toBe(PatchBackbone);
  const model = createDetector(tiny, { parts: { backbone: new second.PatchBackbone() } });
  expect([...model.parameters().keys()]).toContain("backbone.patches.1.weight");
  expect(countWeights(model).trainable).toBe(countWeights(model).total);
  expectRuns(model);
  model.backbone.freeze();
  expect([...model.trainableParameters().keys()].filter((path) => path.startsWith("backbone"))).toEqual([]);
  model.dispose();
});

test("a position encoding of another width than the configuration's transformer is refused", () => {
  const positionEncoding = new SinePositionEncoding({ dim: 12 });
  for (const config of [tiny, deformableTiny]) {
    const { dim } = config.transformer;
    expect(() => createDetector(config as DetrSettings, { parts: { positionEncoding } })).toThrow(
      `createDetector: parts.positionEncoding has a width of 12, but the configuration's transformer one of ${dim}; ` +
        `set transformer.dim to 12, or build the position encoding with dim ${dim}`,
    );
  }
});

test("parts of the other model are a type error", () => {
  const transformer = { encoder: {}, decoder: {} } as unknown as DeformableTransformer;
  // No such preset, so that nothing is built of what does not fit.
  const preset = "none" as "detr-r50";
  // @ts-expect-error DETR calls its transformer as a whole.
  expect(() => createDetector(preset, { parts: { transformer } })).toThrow("there is no preset");
  // @ts-expect-error Parts are built parts, not settings.
  expect(() => createDetector(preset, { parts: { backbone: tiny.backbone } })).toThrow("there is no preset");
});

test("the same seed gives the same model, another seed another one", () => {
  const batch: PaddedBatch = {
    images: uniformTensor<Rank.R4>([1, 37, 41, 3], { seed: 1 }),
    paddingMask: zeros([1, 37, 41], "bool"),
    sizes: [{ height: 37, width: 41 }],
  };
  const boxes: Float32Array[] = [];
  for (const seed of [3, 3, 4]) {
    const model = createDetector(tiny, { seed });
    boxes.push(tidy(() => model.call(batch, { auxiliary: false }).boxes.dataSync<"float32">()));
    model.dispose();
  }
  dispose([batch.images, batch.paddingMask]);
  expect(boxes[1]).toEqual(boxes[0]);
  expect(boxes[2]).not.toEqual(boxes[0]);
});

test("the number of classes can differ from the configuration's", () => {
  const model = createDetector(tiny, { numClasses: 7 });
  expect(model.classHead.weight.shape).toEqual([8, 8]);
  model.dispose();
});

test("a model without initial weights has zeros where random ones would be", async () => {
  const model = createDetector(tiny, { initialize: false });
  const weights = await Promise.all(
    [model.queryEmbedding.weight, model.backbone.parameters().get("stem.convolution.weight"), model.classHead.bias].map(
      (parameter) => parameter?.value.data(),
    ),
  );
  expect(weights.every((values) => values?.every((value) => value === 0))).toBe(true);
  model.dispose();
});

test("errors list what there is", () => {
  expect(() => createDetector("detr-r52" as "detr-r50")).toThrow(
    /there is no preset "detr-r52"; presets: deformable-detr-small, .*, detr-r101, detr-r101-dc5$/u,
  );
  expect(() => createDetector({ ...tiny, model: "yolo" as "detr" })).toThrow(
    'there is no model "yolo"; models: deformable-detr, detr',
  );
});
