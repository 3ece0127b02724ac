import { type Backbone, type FeatureMap, shrinkPaddingMask } from "@detrkit/backbone";
import { readParameters } from "@detrkit/checkpoint";
import { Random } from "@detrkit/common";
import { decodeMask } from "@detrkit/masks";
import { type ImageSize, tidyRecord } from "@detrkit/nn";
import { SinePositionEncoding } from "@detrkit/position-encoding";
import { MaskHead } from "@detrkit/segmentation";
import { describeOnBackends, expectClose, uniformTensor, useBackend } from "@detrkit/test-utils";
import { Transformer } from "@detrkit/transformer";
import { dispose, memory, type Rank, type Tensor, type TensorContainer, tidy, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  batchOf,
  detectorOf,
  dim,
  large,
  levelsOf,
  PatchBackbone,
  Q,
  small,
  tokensOf,
} from "../test-support/patch-detector.ts";
import { createDetector } from "./create-detector.ts";
import { maskInputs } from "./deformable/mask-inputs.ts";
import { checkSettings } from "./detector-family.ts";
import type { DetectionModel } from "./detection-model.ts";
import { listDetections } from "./detections.ts";
import { Detr } from "./detr.ts";
import { deformableDetrFamily, detrFamily } from "./families.ts";
import { presets } from "./presets.ts";
import type { DetectorConfig } from "./settings.ts";

/** With random weights where every part has its effect; nothing of an image is seen beyond its patches. */
function withRandomWeights<Model extends DetectionModel>(model: Model): Model {
  let seed = 0;
  for (const parameter of model.parameters().values())
    parameter.assign(uniformTensor([...parameter.shape] as [number], { seed: (seed += 1), low: -0.4, high: 0.5 }));
  return model;
}

function maskHead(finerChannels: readonly number[]): MaskHead {
  return new MaskHead({ dim, contextDim: 32, finerChannels, random: new Random(1) });
}

function patchDetr(): Detr {
  const random = new Random(2);
  const sizes = { dim, heads: 4, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 17, dropout: 0 };
  const backbone: Backbone = new PatchBackbone();
  return withRandomWeights(
    new Detr({
      backbone,
      positionEncoding: new SinePositionEncoding({ dim }),
      transformer: new Transformer({ ...sizes, random }),
      maskHead: maskHead([5]),
      numClasses: 3,
      numQueries: Q,
      random,
    }),
  );
}

const models: readonly (readonly [string, () => DetectionModel])[] = [
  ["DETR", patchDetr],
  ["Deformable DETR", () => withRandomWeights(detectorOf({ maskHead: maskHead([dim]) }))],
  [
    "Deformable DETR whose transformer does not see the finest map",
    () => withRandomWeights(detectorOf({ maskHead: maskHead([5]), transformerLevels: [1], featureLevels: 2 })),
  ],
];
const sizes: readonly [ImageSize, ImageSize] = [
  { height: 32, width: 48 },
  { height: 48, width: 16 },
];
const both = { height: 48, width: 48 };
// Padding reaches the queries through rounding alone.
const closeness = { rtol: 1e-3, atol: 1e-3 };

describeOnBackends("masks", () => {
  test("DETR: an image has the same masks whatever its padding, and in a batch of several sizes", () => {
    const model = patchDetr();
    tidy(() => {
      const [size] = sizes;
      const alone = model.call(batchOf([size], size)).masks?.ofImage(0, [0, 3]).logits;
      expect(alone?.shape).toEqual([2, 8, 12]);
      for (const batch of [
        batchOf([size], { height: 32, width: 64 }),
        batchOf([size], { height: 80, width: 48 }),
        batchOf(sizes, both),
      ])
        expectClose(model.call(batch).masks?.ofImage(0, [0, 3]).logits ?? [], alone ?? [], closeness);
    });
    model.dispose();
  });

  // The norms of its input projections see padding, as the original's, and so do its boxes: this begins after them.
  test("Deformable DETR: feature levels of an image give the same masks whatever their padding", () => {
    const head = maskHead([dim]);
    const model = withRandomWeights(detectorOf({ maskHead: head }));
    const masksOf = (shapes: readonly ImageSize[]): Tensor => {
      const levelTokens = tokensOf([levelsOf(0, small)], shapes);
      const maps = shapes.slice(0, 2).map((shape, level): FeatureMap => {
        const own = [small[level] as ImageSize];
        return { features: zeros([1, 1, 1, 1]), ...shrinkPaddingMask(own, shape, shape) };
      });
      const [{ height, width }] = shapes as readonly [ImageSize, ...ImageSize[]];
      const images = zeros<Rank.R4>([1, 4 * height, 4 * width, 3]);
      const details = model.detect(levelTokens);
      return head.call(maskInputs({ maps, seen: [0, 1], levelTokens, details, images })).ofImage(0, [0, 3]).logits;
    };
    tidy(() => {
      const alone = masksOf(small);
      expect(alone.shape).toEqual([2, 5, 7]);
      expectClose(masksOf(large), alone, closeness);
    });
    model.dispose();
  });

  test.each(models)("%s: masks come when they are asked for, and not at all without", (_, create) => {
    const model = create();
    const batch = tidyRecord(() => batchOf(sizes, both));
    const before = memory().numTensors;
    const output = tidyRecord(() => model.call(batch));
    tidy(() => {
      expect(output.masks?.all().shape).toEqual([2, Q, 12, 12]);
      const without = model.call(batch, { masks: false });
      expect(without.masks).toBeUndefined();
      expectClose(without.boxes, output.boxes);
    });
    dispose(output as unknown as TensorContainer);
    expect(memory().numTensors).toBe(before);
    dispose([batch.images, batch.paddingMask]);
    model.dispose();
  });
});

describe("settings", () => {
  useBackend("cpu");

  const masks = { contextDim: 128 };
  const smaller = (preset: "detr-small" | "deformable-detr-small"): DetectorConfig => {
    const { backbone, transformer, ...rest } = presets[preset];
    return {
      ...rest,
      backbone: { ...backbone, width: 4 },
      transformer: { ...transformer, dim: 32, encoderLayers: 1, decoderLayers: 1, feedForwardDim: 12 },
      numQueries: 5,
    } as DetectorConfig;
  };

  test.each(["detr-small", "deformable-detr-small"] as const)(
    "%s: a mask head is added to the same parameters with the same initial weights",
    async (preset) => {
      const [without, withMasks] = [smaller(preset), { ...smaller(preset), masks }].map((each) => createDetector(each));
      const [before, after] = [
        await readParameters(without as DetectionModel),
        await readParameters(withMasks as DetectionModel),
      ];
      const added = [...after.keys()].filter((path) => !before.has(path));
      expect(added.length).toBeGreaterThan(10);
      expect(added.every((path) => path.startsWith("maskHead."))).toBe(true);
      expect(Object.fromEntries([...after].filter(([path]) => before.has(path)))).toEqual(Object.fromEntries(before));
      for (const model of [without, withMasks]) model?.dispose();
    },
  );

  test("the head goes up from the transformer's coarsest stage to the first", () => {
    const channels = (config: DetectorConfig): unknown => {
      const model = createDetector(config) as Detr;
      const found = model.maskHead?.tower.adapters.map(({ weight }) => weight.shape[2]);
      model.dispose();
      return found;
    };
    // Of a ResNet of width 4: stages of 4, 8, 16 and 32 channels; the transformer's width is 32.
    expect(channels({ ...smaller("detr-small"), masks } as DetectorConfig)).toEqual([8, 4]);
    const deformable = smaller("deformable-detr-small");
    expect(channels({ ...deformable, masks } as DetectorConfig)).toEqual([32, 32, 4]);
    const single = { ...deformable, backbone: { ...deformable.backbone, returnStages: [3] }, featureLevels: 1, masks };
    expect(channels(single as DetectorConfig)).toEqual([8, 4]);
  });

  test("a deformable model of all levels and one of a single level make masks", () => {
    for (const returnStages of [[2, 3, 4], [3]]) {
      const config = smaller("deformable-detr-small");
      const model = createDetector({
        ...config,
        backbone: { ...config.backbone, returnStages },
        featureLevels: returnStages.length + 1,
        masks,
      } as DetectorConfig);
      tidy(() => {
        const { masks: made } = model.call(batchOf(sizes, both));
        expect(made?.of([7, 0]).shape).toEqual([2, 12, 12]);
      });
      model.dispose();
    }
  });

  test("channels that the norms can't divide are a problem of the settings", () => {
    const config = presets["detr-small"];
    const check = (masks: object) => () =>
      checkSettings(detrFamily, { ...config, masks } as DetectorConfig, "settings");
    expect(check({ contextDim: 64 })).not.toThrow();
    expect(check({ contextDim: 100 })).toThrow("settings: masks.contextDim: 100 must be a multiple of 64");
    expect(check({ contextDim: 64, heads: 4 })).toThrow("settings: masks.heads: 4 must divide the width of 128");
    const deformable = { ...presets["deformable-detr-small"], masks: { contextDim: 64 } };
    expect(() => checkSettings(deformableDetrFamily, deformable, "settings")).toThrow(
      "masks.contextDim: 64 must be a multiple of 128: it is halved 4 times",
    );
  });

  test("listed detections have their masks as COCO writes them", () => {
    const mask = { height: 2, width: 3, counts: Uint32Array.of(1, 5) };
    const other = { height: 2, width: 3, counts: Uint32Array.of(6) };
    const listed = listDetections(
      {
        scores: Float32Array.of(0.25, 0.75),
        labels: Int32Array.of(0, 0),
        boxes: new Float32Array(8),
        masks: [other, mask],
      },
      { categories: [{ id: 7, name: "cat" }] },
    );
    expect(listed.map((detection) => detection.mask)).toEqual([
      { size: [2, 3], counts: "15" },
      { size: [2, 3], counts: "6" },
    ]);
    expect([...decodeMask(mask)]).toEqual([0, 1, 1, 1, 1, 1]);
  });
});
