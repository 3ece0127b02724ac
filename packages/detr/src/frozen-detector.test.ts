import { Random } from "@detrkit/common";
import type { PaddedBatch } from "@detrkit/nn";
import { recordOps, freeSaved } from "@detrkit/nn/tfjs-internals";
import { expectClose, uniformTensor, useBackend } from "@detrkit/test-utils";
import {
  dispose,
  memory,
  type Rank,
  type Scalar,
  sum,
  tidy,
  type TensorContainer,
  variableGrads,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createDetector } from "./create-detector.ts";
import type { DetrCallOptions } from "./detection-model.ts";
import { presets } from "./presets.ts";

useBackend("cpu");

const masks = { contextDim: 64, heads: 8 };
const layers = { encoderLayers: 1, decoderLayers: 2, feedForwardDim: 11, dropout: 0.5, heads: 2 };
const detr = presets["detr-small"];
const deformable = presets["deformable-detr-small"];
const small = { width: 4, stem: "3x3pool" } as const;

test.each([
  [
    "DETR",
    {
      ...detr,
      masks,
      backbone: { ...detr.backbone, ...small },
      transformer: { ...detr.transformer, ...layers, dim: 16 },
    },
  ],
  [
    "Deformable DETR",
    {
      ...deformable,
      masks,
      featureLevels: 2,
      backbone: { ...deformable.backbone, ...small, returnStages: [2, 3] },
      transformer: { ...deformable.transformer, ...layers, dim: 32 },
    },
  ],
])("%s with a frozen detector: the masks of inference, nothing recorded but the mask head", (_, config) => {
  const model = createDetector(config, { seed: 5 });
  const queries = [1, config.numQueries + 2];
  const pixels = uniformTensor([2, 32, 48, 3], { seed: 1 });
  const sizes = [
    { height: 32, width: 48 },
    { height: 29, width: 31 },
  ];
  const paddingMask = zeros<Rank.R3>([2, 32, 48], "bool");
  const batch = { images: pixels, paddingMask, sizes } as PaddedBatch;
  const total = (options: DetrCallOptions): Scalar => {
    const { masks: found } = model.call(batch, { random: new Random(3), ...options });
    return sum(found?.of(queries) ?? zeros([1]));
  };
  const opsOf = (options: DetrCallOptions): number => {
    const { value, tape } = recordOps(() => total(options));
    tape.forEach(freeSaved);
    dispose(value);
    return tape.length;
  };
  expect(opsOf({ training: true, frozenDetector: true })).toBeLessThan(opsOf({ training: true }) / 2);
  const inferred = model.call(batch);
  const before = memory().numTensors;
  const { value, grads } = variableGrads(
    () => total({ training: true, frozenDetector: true }),
    [...(model.maskHead?.parameters().values() ?? [])].map((parameter) => parameter.value),
  );
  expect(memory().numTensors).toBe(before + 1 + Object.keys(grads).length);
  const expected = tidy(() => sum(inferred.masks?.of(queries) ?? zeros([1])));
  expectClose(value, expected);
  expect(Object.values(grads).some((gradient) => gradient.dataSync().some((number) => number !== 0))).toBe(true);
  dispose([inferred as unknown as TensorContainer, value, expected, grads, pixels, paddingMask]);
  model.dispose();
});
