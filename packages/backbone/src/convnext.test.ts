import { Random } from "@detrkit/common";
import type { ImageSize, PaddedBatch } from "@detrkit/nn";
import { describeOnBackends, expectClose, uniformTensor, useBackend } from "@detrkit/test-utils";
import {
  dispose,
  mean,
  type Rank,
  type Scalar,
  square,
  sub,
  type Tensor,
  type Tensor4D,
  tidy,
  variableGrads,
  zeros,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { ConvNeXt, type ConvNeXtSettings } from "./convnext.ts";

const convNeXt = (settings: ConvNeXtSettings): ConvNeXt => new ConvNeXt({ ...settings, random: new Random(7) });

/** Every part, small enough for plain JavaScript. */
const tiny = { channels: [4, 6, 8, 10], blocks: [1, 1, 2, 1], layerScale: 1 } as const;

function batchOf(images: Tensor4D, sizes?: ImageSize[]): PaddedBatch {
  const [B, height, width] = images.shape;
  return {
    images,
    paddingMask: zeros([B, height, width], "bool"),
    sizes: sizes ?? Array.from({ length: B }, () => ({ height, width })),
  };
}

describe("what needs no network to run", () => {
  useBackend("cpu");

  test("ConvNeXt-T has torchvision's number of parameters", () => {
    const network = convNeXt({});
    const count = [...network.parameters().values()].reduce((sum, { size }) => sum + size, 0);
    // Without the classifier and the norm before it.
    expect(count).toBe(28_589_128 - 769_000 - 1_536);
    expect(network.levels).toEqual([{ name: "stage4", channels: 768, stride: 32 }]);
    network.dispose();
  });

  test("stages above the highest that is returned are not built", () => {
    const network = convNeXt({ ...tiny, returnStages: [2] });
    expect([network.stages.length, network.reductions.length]).toEqual([2, 1]);
    network.dispose();
  });

  test("frozen stages are not trained, with what halves the size before them", () => {
    const network = convNeXt({ ...tiny, frozenStages: 3 });
    const frozen = (path: string): boolean => /^(?:stem|stages\.[01]|reductions\.0)\./u.test(path);
    const trained = [...network.trainableParameters().keys()];
    expect(trained).toEqual([...network.parameters().keys()].filter((path) => !frozen(path)));
    expect(trained).toContain("reductions.1.convolution.weight");
    network.dispose();
  });

  test.each([
    [{ blocks: [1, 2] }, "ConvNeXt: blocks expected 4 positive integers, one for each stage, got [1, 2]"],
    [{ channels: [4, 0, 4, 4] }, "ConvNeXt: channels expected 4 positive integers"],
    [{ returnStages: [3, 2] }, "ConvNeXt: returnStages expected ascending stages from 1 to 4, got [3, 2]"],
    [{ frozenStages: 6 }, "ConvNeXt: frozenStages expected 0 (train all) to 5 (train none), got 6"],
    [{ stochasticDepth: 1 }, "ConvNeXt: stochasticDepth: rate must be at least 0 and below 1, got 1"],
  ])("%j is refused", (settings, message) => {
    expect(() => convNeXt(settings)).toThrow(message);
  });
});

describeOnBackends("ConvNeXt", () => {
  test("each level has the channels and the stride it announces, and a padding mask of its size", () => {
    const network = convNeXt({ ...tiny, returnStages: [1, 2, 4] });
    const batch = batchOf(uniformTensor<Rank.R4>([2, 67, 37, 3], { seed: 1 }), [
      { height: 67, width: 19 },
      { height: 41, width: 37 },
    ]);
    const maps = network.call(batch);
    expect(maps.map(({ features }) => features.shape)).toEqual([
      [2, 16, 9, 4],
      [2, 8, 4, 6],
      [2, 2, 1, 10],
    ]);
    expect(maps.map(({ paddingMask }) => paddingMask.shape)).toEqual(
      maps.map(({ features: { shape } }) => shape.slice(0, 3)),
    );
    expect(network.levels.map(({ channels, stride }) => [channels, stride])).toEqual([
      [4, 4],
      [6, 8],
      [10, 32],
    ]);
    expect(maps[0]?.sizes).toEqual([
      { height: 16, width: 5 },
      { height: 10, width: 9 },
    ]);
    dispose([maps, batch] as unknown as Tensor[]);
    network.dispose();
  });

  test("an image has the same features alone and in a batch", () => {
    const network = convNeXt(tiny);
    tidy(() => {
      const images = uniformTensor<Rank.R4>([2, 64, 32, 3], { seed: 1 });
      const featuresOf = (batch: Tensor4D): Tensor => network.call(batchOf(batch))[0]?.features as Tensor;
      const alone = featuresOf(images.slice([1, 0, 0, 0], [1, 64, 32, 3]));
      expectClose(featuresOf(images).slice([1, 0, 0, 0]), alone, { rtol: 1e-4, atol: 1e-5 });
    });
    network.dispose();
  });

  test("every parameter has a gradient, and steps against it lower a loss", () => {
    const network = convNeXt({ ...tiny, stochasticDepth: 0 });
    const images = uniformTensor<Rank.R4>([2, 64, 64, 3], { seed: 1 });
    const parameters = [...network.trainableParameters().values()];
    const loss = (): Scalar =>
      tidy(() =>
        mean<Scalar>(square(sub(network.call(batchOf(images), { training: true })[0]?.features as Tensor, 1))),
      );
    const values: number[] = [];
    for (let step = 0; step < 5; step++) {
      tidy(() => {
        const { value, grads } = variableGrads(
          loss,
          parameters.map(({ value }) => value),
        );
        values.push(value.dataSync()[0] as number);
        for (const parameter of parameters) {
          const gradient = grads[parameter.value.name] as Tensor;
          expect(Math.max(...gradient.abs().dataSync())).toBeGreaterThan(0);
          parameter.assign(sub(parameter.value, gradient.mul(0.02)));
        }
      });
    }
    expect(values.at(-1)).toBeLessThan((values[0] as number) * 0.9);
    dispose(images);
    network.dispose();
  });

  test("training leaves blocks out of some images, by the random numbers it is given; inference never does", () => {
    const network = convNeXt({ ...tiny, blocks: [1, 1, 1, 1], stochasticDepth: 0.9, returnStages: [4] });
    const whole = convNeXt({ ...tiny, blocks: [1, 1, 1, 1], stochasticDepth: 0, returnStages: [4] });
    tidy(() => {
      const batch = batchOf(uniformTensor<Rank.R4>([3, 32, 32, 3], { seed: 1 }));
      const run = (model: ConvNeXt, seed?: number): Float32Array =>
        model
          .call(batch, seed === undefined ? {} : { training: true, random: new Random(seed) })[0]
          ?.features.dataSync() as Float32Array;
      expect(run(network)).toEqual(run(whole));
      expect(run(network, 3)).toEqual(run(network, 3));
      expect(run(network, 3)).not.toEqual(run(network, 4));
      expect(run(whole, 3)).toEqual(run(whole));
      expect(() => network.call(batch, { training: true })).toThrow("stochasticDepth above 0 needs random numbers");
    });
    dispose([...network.parameters().values(), ...whole.parameters().values()].map(({ value }) => value));
  });
});
