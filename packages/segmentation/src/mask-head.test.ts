import { Random } from "@detrkit/common";
import { tidyRecord } from "@detrkit/nn";
import { describeOnBackends, expectClose, uniformTensor, useBackend } from "@detrkit/test-utils";
import {
  dispose,
  gather,
  memory,
  ones,
  type Rank,
  reshape,
  slice,
  sum,
  tensor2d,
  type TensorContainer,
  tidy,
  transpose,
  zeros,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { dim, headOf, heads, inputsOf, kinds, masksOf, Q } from "../test-support/random-head.ts";
import { AttentionMap } from "./attention-map.ts";
import { MaskHead } from "./mask-head.ts";
import type { PredictedMasks } from "./predicted-masks.ts";

const small = { height: 32, width: 48, seed: 1 };
const large = { height: 64, width: 48, seed: 2 };
const both = { height: 64, width: 64 };
const disposeMasks = (masks: PredictedMasks): void => dispose(masks as unknown as TensorContainer);

describeOnBackends("AttentionMap", () => {
  test("a query's weights add up to 1 over all heads and cells, and padding has none", () => {
    const map = new AttentionMap({ dim, heads, random: new Random(1) });
    tidy(() => {
      const keys = map.keys(uniformTensor<Rank.R4>([1, 3, 5, dim], { seed: 2, low: -3, high: 3 }));
      const padding = tensor2d([0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1], [3, 5]);
      const queries = uniformTensor<Rank.R2>([7, dim], { seed: 3 });
      const weights = map.call(queries, reshape(keys, [3, 5, dim]), padding);
      expect(weights.shape).toEqual([7, 3, 5, heads]);
      expectClose(sum(weights, [1, 2, 3]), ones([7]), { atol: 1e-5 });
      const ofCells = sum(weights, [0, 3]).dataSync();
      expect(ofCells.map((weight) => Number(weight > 0))).toEqual(
        Float32Array.from([1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]),
      );
    });
    map.dispose();
  });

  test("equal scores share the weight among heads and cells", () => {
    const map = new AttentionMap({ dim, heads, random: new Random(1) });
    tidy(() => {
      const weights = map.call(uniformTensor<Rank.R2>([1, dim], { seed: 3 }), ones([1, 2, dim]));
      // Both cells are the same, so what differs is the heads.
      const ofHeads = transpose(reshape(weights, [2, heads])).dataSync();
      for (let head = 0; head < heads; head++)
        expect(ofHeads[2 * head]).toBeCloseTo(ofHeads[2 * head + 1] as number, 6);
      expect(new Set(Array.from(ofHeads, (weight) => weight.toFixed(4))).size).toBeGreaterThan(1);
    });
    map.dispose();
  });
});

describeOnBackends("MaskHead", () => {
  test.each(kinds)(
    "$name: chosen queries have the masks that they have among all, in the order asked",
    ({ finerChannels }) => {
      const head = headOf(finerChannels);
      const masks = masksOf(head, [small, large], both);
      tidy(() => {
        const all = masks.all();
        expect(all.shape).toEqual([2, Q, 16, 16]);
        const flat = reshape(all, [2 * Q, 16, 16]);
        for (const chosen of [[0], [4, 1, 5], [2, 3], [1, 1]])
          expectClose(masks.of(chosen), gather(flat, chosen), { rtol: 1e-4, atol: 1e-4 });
      });
      disposeMasks(masks);
      head.dispose();
    },
  );

  test.each(kinds)("$name: an image has the same masks whatever its padding", ({ finerChannels }) => {
    const head = headOf(finerChannels);
    const alone = masksOf(head, [small], small);
    tidy(() => {
      const expected = alone.ofImage(0, [0, 1, 2]);
      expect(expected.cellsPerPixel).toEqual({ height: 1 / 4, width: 1 / 4 });
      expectClose(expected.logits, alone.of([0, 1, 2]), { rtol: 1e-4, atol: 1e-4 });
      for (const padded of [{ height: 32, width: 80 }, { height: 96, width: 48 }, both]) {
        const { logits, cellsPerPixel } = masksOf(head, [small], padded).ofImage(0, [0, 1, 2]);
        expect(cellsPerPixel).toEqual(expected.cellsPerPixel);
        expectClose(logits, expected.logits, { rtol: 1e-4, atol: 1e-4 });
      }
    });
    disposeMasks(alone);
    head.dispose();
  });

  test("a batch of several sizes gives each image the masks that it has alone", () => {
    const head = headOf([7, 5]);
    tidy(() => {
      const images = [small, large, { height: 16, width: 64, seed: 3 }];
      const together = masksOf(head, images, both);
      images.forEach((size, image) => {
        const alone = masksOf(head, [size], size).ofImage(0, [2, 0]);
        expectClose(together.ofImage(image, [2, 0]).logits, alone.logits, { rtol: 1e-4, atol: 1e-4 });
      });
    });
    head.dispose();
  });

  test("the masks are kept by a tidy and freed by dispose, and given tensors stay the caller's", () => {
    const head = headOf([7, 5]);
    const before = memory().numTensors;
    const inputs = tidyRecord(() => inputsOf([small], small, [7, 5]));
    const given = memory().numTensors;
    const masks = tidyRecord(() => head.call(inputs));
    dispose(inputs as unknown as TensorContainer);
    expect(given - before).toBe(6);
    dispose(masks.of([0]));
    dispose(masks.ofImage(0, [1]).logits);
    disposeMasks(masks);
    expect(memory().numTensors).toBe(before);
    head.dispose();
  });
});

describe("many queries", () => {
  useBackend("native");

  test("more than are computed at a time have the masks that each has alone", () => {
    const head = new MaskHead({ dim: 8, contextDim: 16, finerChannels: [], random: new Random(1) });
    const [side, count] = [256, 19];
    const masks = tidyRecord(() => {
      const features = uniformTensor<Rank.R4>([1, side, side, 8], { seed: 1 });
      const size = { height: side, width: side };
      return head.call({
        queries: uniformTensor<Rank.R3>([1, count, 8], { seed: 2, low: -4, high: 4 }),
        memory: features,
        map: { features, paddingMask: zeros([1, side, side], "bool"), sizes: [size] },
        finer: [],
        padded: size,
      });
    });
    tidy(() => {
      const all = masks.of(Array.from({ length: count }, (_, query) => query));
      expect(all.shape).toEqual([count, side, side]);
      // 16 of 256 × 256 × 16 numbers are computed together.
      for (const query of [0, 15, 16, 18])
        expectClose(slice(all, [query, 0, 0], [1, side, side]), masks.of([query]), { rtol: 1e-3, atol: 1e-3 });
    });
    disposeMasks(masks);
    head.dispose();
  });
});

describe("sizes and errors", () => {
  useBackend("cpu");

  test("a head for a width of 256 has the published channels and number of parameters", () => {
    const head = new MaskHead({ dim: 256, finerChannels: [1024, 512, 256], random: new Random(1) });
    const count = (part: { parameters(): ReadonlyMap<string, { readonly size: number }> }): number =>
      [...part.parameters().values()].reduce((total, { size }) => total + size, 0);
    expect(head.tower.blocks.map(({ convolution }) => convolution.weight.shape[3])).toEqual([264, 128, 64, 32, 16]);
    expect([count(head.tower), count(head.attentionMap)]).toEqual([1_202_073, 131_584]);
    head.dispose();
  });

  test("convolutions start uniform with variance 1/inputs and without bias", () => {
    const { tower, ...head } = headOfSize();
    const { weight, bias } = tower.blocks[1]?.convolution ?? {};
    const values = weight?.value.dataSync() ?? new Float32Array();
    const bound = Math.sqrt(3 / (9 * 16));
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.max(...values)).toBeGreaterThan(0.95 * bound);
    expect(bias?.value.dataSync()).toEqual(new Float32Array(32));
    expect(head.attentionMap.query.bias?.value.dataSync()).toEqual(new Float32Array(dim));
    for (const part of [tower, head.attentionMap]) part.dispose();
  });

  function headOfSize(): MaskHead {
    return new MaskHead({ dim, heads, contextDim: 64, finerChannels: [7], random: new Random(1) });
  }

  test("sizes that the norms can't divide are refused with what to choose", () => {
    const of =
      (sizes: { dim: number; heads?: number; contextDim?: number }, steps = 3) =>
      () =>
        new MaskHead({ ...sizes, finerChannels: Array<number>(steps).fill(8), random: new Random(1) });
    expect(of({ dim: 128, heads: 4 })).toThrow(
      "MaskHead: heads: 4 must divide the width of 128, and the sum of both must be a multiple of 8, the groups of " +
        "the norms; choose 8 or 16",
    );
    expect(of({ dim: 128, contextDim: 96 })).toThrow(
      "MaskHead: contextDim: 96 must be a multiple of 128: it is halved 4 times, and 8 groups of a norm have to " +
        "divide what is left; choose 128",
    );
    of({ dim: 20, heads: 4, contextDim: 32 }, 1)().dispose();
  });

  test("wrong queries and maps are named", () => {
    const head = headOf([7, 5]);
    tidy(() => {
      const masks = masksOf(head, [small], small);
      expect(() => masks.of([])).toThrow("PredictedMasks.of: queries expected at least one, got none");
      expect(() => masks.of([0, Q])).toThrow(`PredictedMasks.of: queries expected numbers below ${Q}, got ${Q}`);
      expect(() => masks.ofImage(1, [0])).toThrow("PredictedMasks.ofImage: image expected numbers below 1, got 1");
      const inputs = inputsOf([small], small, [7, 5]);
      expect(() => head.call({ ...inputs, finer: inputs.finer.slice(1) })).toThrow(
        "MaskHead.call: finer expected 2 maps, got 1",
      );
      expect(() => head.call({ ...inputs, queries: uniformTensor([1, Q, 5], { seed: 1 }) })).toThrow(
        `MaskHead.call: queries expected [B, Q, ${dim}], got [1, ${Q}, 5]`,
      );
    });
    head.dispose();
  });
});
