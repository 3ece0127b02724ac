import { Random } from "@detrkit/common";
import type { ImageSize, PaddedBatch, Parameter } from "@detrkit/nn";
import { expectClose, uniformTensor, describeOnBackends } from "@detrkit/test-utils";
import {
  dispose,
  grad,
  mul,
  type Rank,
  type Scalar,
  slice,
  sum,
  type Tensor,
  type Tensor4D,
  tidy,
  variableGrads,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { FeatureMap } from "./feature-map.ts";
import { ResNet, type ResNetSettings } from "./resnet.ts";

function resNet(settings: ResNetSettings): ResNet {
  return new ResNet({ ...settings, random: new Random(7) });
}

/** A network of every part that is small enough for plain JavaScript. */
const tiny: ResNetSettings = { depth: 50, width: 4, blocks: [1, 2, 1, 2], returnStages: [2, 4] };

function batchOf(images: Tensor4D, sizes?: ImageSize[]): PaddedBatch {
  const [B, height, width] = images.shape;
  return {
    images,
    paddingMask: zeros([B, height, width], "bool"),
    sizes: sizes ?? Array.from({ length: B }, () => ({ height, width })),
  };
}

function countWeights(network: ResNet): number {
  return [...network.parameters().values()]
    .filter(({ kind }) => kind === "weight")
    .reduce((sum, { size }) => sum + size, 0);
}

describeOnBackends("ResNet", () => {
  test.each([
    // torchvision's counts without the classifier and without the batch norms' weights and biases, which are constants
    // here.
    { settings: { depth: 18 } as const, count: 11_689_512 - 513_000 - 9_600 },
    { settings: { depth: 50 } as const, count: 25_557_032 - 2_049_000 - 53_120 },
    // The backbones of the recorded trainings from scratch, cut off at stride 16.
    { settings: { depth: 18, width: 32, returnStages: [3], norm: "group", frozenStages: 0 } as const, count: 699_168 },
    {
      settings: { depth: 18, width: 16, returnStages: [3], norm: "group", stem: "3x3pool", frozenStages: 0 } as const,
      count: 174_608,
    },
  ])("$settings has $count parameters", ({ settings, count }) => {
    const network = resNet(settings);
    expect(countWeights(network)).toBe(count);
    network.dispose();
  });

  test("parameters are found under the paths that checkpoints use", () => {
    const network = resNet(tiny);
    const paths = [...network.parameters().keys()];
    expect(paths.slice(0, 3)).toEqual(["stem.convolution.weight", "stem.norm.weight", "stem.norm.bias"]);
    expect(paths).toContain("stages.1.0.shortcut.convolution.weight");
    expect(paths).toContain("stages.3.1.units.2.norm.runningVariance");
    expect(paths).not.toContain("stages.3.1.shortcut.convolution.weight");
    network.dispose();
  });

  test("the stem and stage 1 are frozen unless told otherwise, and frozen norms always are", () => {
    const network = resNet(tiny);
    const trained = [...network.trainableParameters().keys()];
    expect(trained.some((path) => path.startsWith("stages.1."))).toBe(true);
    expect(
      trained.filter((path) => path.startsWith("stem.") || path.startsWith("stages.0.") || path.includes("norm")),
    ).toEqual([]);
    network.dispose();

    const all = resNet({ ...tiny, norm: "group", frozenStages: 0 });
    expect(all.trainableParameters().size).toBe(all.parameters().size);
    all.dispose();

    const none = resNet({ ...tiny, norm: "group", frozenStages: 5 });
    expect(none.trainableParameters().size).toBe(0);
    none.dispose();
  });

  test("each level has the channels and the stride it announces, and a padding mask of its size", () => {
    const network = resNet(tiny);
    const batch = batchOf(uniformTensor<Rank.R4>([2, 67, 37, 3], { seed: 1 }), [
      { height: 67, width: 19 },
      { height: 41, width: 37 },
    ]);
    const maps = network.call(batch);
    expect(network.levels).toEqual([
      { name: "stage2", channels: 32, stride: 8 },
      { name: "stage4", channels: 128, stride: 32 },
    ]);
    maps.forEach(({ features, paddingMask }, index) => {
      const { channels, stride } = network.levels[index] as ResNet["levels"][number];
      expect(features.shape).toEqual([2, Math.ceil(67 / stride), Math.ceil(37 / stride), channels]);
      expect(paddingMask.shape).toEqual(features.shape.slice(0, 3));
    });
    expect(maps[0]?.sizes).toEqual([
      { height: 9, width: 3 },
      { height: 6, width: 5 },
    ]);
    dispose([maps, batch] as unknown as Tensor[]);
    network.dispose();
  });

  test("a dilated last stage returns twice the resolution", () => {
    const network = resNet({ ...tiny, dilateLastStage: true, returnStages: [4] });
    const batch = batchOf(uniformTensor<Rank.R4>([1, 67, 37, 3], { seed: 1 }));
    const maps = network.call(batch);
    expect(maps[0]?.features.shape).toEqual([1, 5, 3, 128]);
    expect(network.levels[0]?.stride).toBe(16);
    dispose([maps, batch] as unknown as Tensor[]);
    network.dispose();
  });

  test.each(["frozen-batch", "batch", "group"] as const)(
    "with %s norm, images in one batch do not see each other in inference",
    (norm) => {
      const network = resNet({ ...tiny, norm });
      tidy(() => {
        const images = uniformTensor<Rank.R4>([3, 29, 31, 3], { seed: 2 });
        const second = (of: Tensor4D): Tensor4D => slice(of, [1, 0, 0, 0], [1, -1, -1, -1]);
        const [together] = network.call(batchOf(images)) as [FeatureMap, FeatureMap];
        const [alone] = network.call(batchOf(second(images))) as [FeatureMap, FeatureMap];
        expectClose(alone.features, second(together.features), { rtol: 1e-4, atol: 1e-5 });
      });
      network.dispose();
    },
  );

  test("frozen parts still pass the gradient on to the image", () => {
    const [frozen, trained] = [resNet({ ...tiny, frozenStages: 2 }), resNet({ ...tiny, frozenStages: 0 })];
    tidy(() => {
      const images = uniformTensor<Rank.R4>([1, 23, 19, 3], { seed: 3 });
      const cotangent = uniformTensor<Rank.R4>([1, 3, 3, 32], { seed: 4 });
      const gradientOf = (network: ResNet): Tensor =>
        grad((input) => sum(mul(network.call(batchOf(input as Tensor4D))[0]?.features as Tensor, cotangent)))(images);
      expectClose(gradientOf(frozen), gradientOf(trained), { rtol: 1e-4, atol: 1e-5 });
    });
    frozen.dispose();
    trained.dispose();
  });

  test("training gradients are the same with frozen parts and without, and statistics of frozen parts stay", () => {
    const [frozen, trained] = [resNet({ ...tiny, frozenStages: 2 }), resNet({ ...tiny, frozenStages: 0 })];
    tidy(() => {
      const batch = batchOf(uniformTensor<Rank.R4>([2, 23, 19, 3], { seed: 3 }));
      const gradientOf = (network: ResNet): Tensor => {
        const { value } = network.trainableParameters().get("stages.1.0.units.1.convolution.weight") as Parameter;
        const loss = (): Scalar => sum(network.call(batch, { training: true })[1]?.features as Tensor);
        return variableGrads(loss, [value]).grads[value.name] as Tensor;
      };
      expectClose(gradientOf(frozen), gradientOf(trained), { rtol: 1e-4, atol: 1e-5 });
    });
    frozen.dispose();
    trained.dispose();

    const batchNorm = resNet({ ...tiny, norm: "batch" });
    tidy(() => {
      const read = (path: string): Float32Array =>
        batchNorm.parameters().get(path)?.value.dataSync<"float32">().slice() as Float32Array;
      const [stem, stage2] = ["stem.norm.runningMean", "stages.1.0.units.0.norm.runningMean"];
      const before = [read(stem), read(stage2)];
      batchNorm.call(batchOf(uniformTensor<Rank.R4>([2, 23, 19, 3], { seed: 5 })), { training: true });
      expect(read(stem)).toEqual(before[0]);
      expect(read(stage2)).not.toEqual(before[1]);
    });
    batchNorm.dispose();
  });

  test("errors name the argument", () => {
    expect(() => resNet({ ...tiny, frozenStages: 6 })).toThrow(
      "frozenStages expected 0 (train all) to 5 (train none), got 6",
    );
    const network = resNet({ ...tiny, returnStages: [1] });
    tidy(() => {
      expect(() => network.call(batchOf(zeros([1, 8, 8, 4])))).toThrow(
        "ResNet.call: images expected [B, H, W, 3], got [1, 8, 8, 4]",
      );
      expect(() => network.call({ ...batchOf(zeros([2, 8, 8, 3])), sizes: [] })).toThrow(
        "ResNet.call: sizes expected [2], got [0]",
      );
    });
    network.dispose();
  });
});
