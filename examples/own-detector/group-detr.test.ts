import { Random } from "@detrkit/common";
import { randomFor } from "@detrkit/detr";
import type { PaddedBatch } from "@detrkit/nn";
import { describeOnBackends, expectClose, uniformTensor } from "@detrkit/test-utils";
import { add, concat, ones, type Rank, slice, type Tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import groupDetr from "./group-detr.ts";

const preset = { ...groupDetr.presets["group-detr-shapes"] } as Parameters<typeof groupDetr.create>[0];
const small = {
  ...preset,
  numClasses: 3,
  numQueries: 5,
  groups: 3,
  backbone: { ...preset.backbone, width: 4 },
  transformer: { dim: 16, heads: 2, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 11, dropout: 0 },
};

const batchOf = (): PaddedBatch => ({
  images: uniformTensor<Rank.R4>([2, 64, 48, 3], { seed: 1 }),
  paddingMask: zeros([2, 64, 48], "bool"),
  sizes: [
    { height: 64, width: 48 },
    { height: 40, width: 48 },
  ],
});

describeOnBackends("Group DETR", () => {
  test("inference is the first group, and sees nothing of the others", () => {
    const model = groupDetr.create(small, { random: randomFor({ seed: 3 }) });
    tidy(() => {
      const batch = batchOf();
      const training = { training: true, random: new Random(1) };
      const [one, all] = [model.call(batch), model.call(batch, training)];
      expect([one.logits.shape, all.logits.shape]).toEqual([
        [2, 5, 3],
        [2, 15, 3],
      ]);
      const first = (tensor: Tensor): Tensor => slice(tensor, [0, 0, 0], [2, 5, tensor.shape.at(-1) as number]);
      expectClose(first(all.logits), one.logits, { rtol: 1e-4, atol: 1e-5 });
      expectClose(first(all.boxes), one.boxes, { rtol: 1e-4, atol: 1e-5 });
      // The queries of the second and third group are others now.
      const queries = model.parameters().get("queries.queryEmbedding.weight");
      queries?.assign(add(queries.value, concat([zeros([5, 32]), ones([10, 32])])));
      const moved = model.call(batch, training);
      expectClose(first(moved.logits), one.logits, { rtol: 1e-4, atol: 1e-5 });
      expect([...moved.logits.dataSync()]).not.toEqual([...all.logits.dataSync()]);
    });
    model.dispose();
  });

  test("its criterion teaches a query of each group every object", () => {
    const model = groupDetr.create(small, { random: randomFor({ seed: 3 }) });
    const targets = [
      { labels: Int32Array.of(2, 0), boxes: Float32Array.of(0.4, 0.4, 0.3, 0.3, 0.7, 0.5, 0.2, 0.4) },
      { labels: Int32Array.of(1), boxes: Float32Array.of(0.5, 0.5, 0.5, 0.5) },
    ];
    const criterion = groupDetr.criterion(groupDetr.losses.parse({}) as Parameters<typeof groupDetr.criterion>[0]);
    tidy(() => {
      for (const training of [true, false]) {
        const { loss } = criterion.call(model.call(batchOf(), { training, random: new Random(1) }), targets);
        expect(loss.dataSync()[0]).toBeGreaterThan(0);
      }
    });
    model.dispose();
  });
});
