import { Random } from "@detrkit/common";
import { expectClose, uniformTensor, useBackend } from "@detrkit/test-utils";
import { dispose, ones, type Rank, tensor1d, tensor2d, tensor4d, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { constant, normal } from "../initializers.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { Embedding } from "./embedding.ts";
import { FeedForward } from "./feed-forward.ts";
import { LayerNorm } from "./layer-norm.ts";
import { GroupNorm } from "./group-norm.ts";
import { Linear } from "./linear.ts";
import { MaxPool2d } from "./max-pool-2d.ts";
import { Mlp } from "./mlp.ts";

useBackend("cpu");
const random = (): Random => new Random(1);

test("Linear has PyTorch's default initialisation and shape [in, out]", () => {
  const layer = new Linear({ inputDim: 16, outputDim: 101, random: random() });
  expect([...layer.parameters().entries()].map(([path, { shape }]) => [path, shape])).toEqual([
    ["weight", [16, 101]],
    ["bias", [101]],
  ]);
  const weights = layer.weight.value.dataSync();
  expect(Math.max(...weights)).toBeLessThanOrEqual(0.25);
  expect(Math.max(...weights)).toBeGreaterThan(0.24);
  expect(Math.min(...weights)).toBeLessThan(-0.24);
  expect(Math.max(...(layer.bias?.value.dataSync() ?? []))).toBeGreaterThan(0.2);
  layer.dispose();
});

test("Linear without bias has none", () => {
  const layer = new Linear({
    inputDim: 2,
    outputDim: 3,
    bias: false,
    weightInitializer: constant(2),
    activation: "relu",
    random: random(),
  });
  expect([...layer.parameters().keys()]).toEqual(["weight"]);
  tidy(() => expectClose(layer.call(tensor2d([[1, -3]])), [[0, 0, 0]]));
  layer.dispose();
});

test("Conv2d applies its stride, padding, dilation and activation", () => {
  const layer = new Conv2d({
    inputChannels: 1,
    outputChannels: 2,
    kernelSize: 3,
    stride: 2,
    padding: 1,
    activation: "relu",
    random: random(),
    weightInitializer: constant(1),
    biasInitializer: constant(-5),
  });
  const dilated = new Conv2d({
    inputChannels: 1,
    outputChannels: 1,
    kernelSize: 3,
    dilation: 2,
    bias: false,
    random: random(),
    weightInitializer: constant(1),
  });
  tidy(() => {
    const input: Tensor4D = ones([1, 5, 5, 1]);
    // 4, 6 and 9 pixels under the window at corners, edges and inside.
    expectClose(layer.call(input).dataSync(), [0, 0, 1, 1, 0, 0, 1, 1, 4, 4, 1, 1, 0, 0, 1, 1, 0, 0]);
    expectClose(dilated.call(input).dataSync(), [9]);
  });
  layer.dispose();
  dilated.dispose();
});

test("MaxPool2d pads on both sides, and padding never wins", () => {
  const pool = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
  tidy(() => {
    const input = tensor4d([-1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -14, -15, -16], [1, 4, 4, 1]);
    expectClose(pool.call(input).dataSync(), [-1, -2, -5, -6]);
  });
  expect(() => new MaxPool2d({ kernelSize: 3, padding: 2 })).toThrow(
    "MaxPool2d: padding 2 is more than half of the window 3",
  );
});

test("Embedding looks rows up, with their gradient", () => {
  const table = new Embedding({ count: 5, dim: 3, random: random() });
  tidy(() => {
    const rows = table.weight.value.arraySync() as number[][];
    expectClose(table.call(tensor1d([4, 0, 4], "int32")), [
      rows[4] as number[],
      rows[0] as number[],
      rows[4] as number[],
    ]);
    expect(() => table.call(tensor1d([1]))).toThrow("Embedding.call: indices expected int32, got float32");
  });
  table.dispose();
});

test("Dropout acts in training only, and then asks for randomness", () => {
  tidy(() => {
    const input = uniformTensor<Rank.R2>([7, 11], { seed: 1, low: 1, high: 2 });
    const layer = new Dropout({ rate: 0.5 });
    expectClose(layer.call(input), input);
    expectClose(new Dropout({ rate: 0 }).call(input, { training: true }), input);
    expect(
      layer
        .call(input, { training: true, random: random() })
        .dataSync()
        .filter((value) => value === 0).length,
    ).toBeGreaterThan(20);
    expect(() => layer.call(input, { training: true })).toThrow("pass { training: true, random: new Random(seed) }");
    expect(() => new Dropout({ rate: -0.1 })).toThrow("Dropout: rate must be at least 0 and below 1, got -0.1");
    const output = layer.call(input);
    dispose(output);
    expect(input.isDisposed).toBe(false);
  });
});

test("FeedForward expands, activates and contracts", () => {
  const layer = new FeedForward({ dim: 2, hiddenDim: 3, weightInitializer: constant(1), random: random() });
  for (const { bias } of [layer.expand, layer.contract])
    bias?.assign(tensor1d(bias.size === 3 ? [0, -10, 1] : [0.5, 0]));
  tidy(() => expectClose(layer.call(tensor2d([[1, 2]])), [[7.5, 7]]));
  expect([...layer.parameters().keys()]).toEqual(["expand.weight", "expand.bias", "contract.weight", "contract.bias"]);
  layer.dispose();
});

test("FeedForward drops hidden elements in training", () => {
  const layer = new FeedForward({ dim: 3, hiddenDim: 101, dropout: 0.5, random: random() });
  tidy(() => {
    const input = uniformTensor<Rank.R2>([2, 3], { seed: 1 });
    expectClose(
      layer.call(input, { training: true, random: new Random(3) }),
      layer.call(input, { training: true, random: new Random(3) }),
    );
    expect(layer.call(input, { training: true, random: new Random(4) }).dataSync()).not.toEqual(
      layer.call(input).dataSync(),
    );
  });
  layer.dispose();
});

test("Mlp puts ReLU between its layers and none after the last", () => {
  const mlp = new Mlp({ inputDim: 5, hiddenDim: 7, outputDim: 3, layers: 3, random: random() });
  expect([...mlp.parameters().entries()].map(([path, { shape }]) => `${path} ${shape.join("x")}`)).toEqual([
    "layers.0.weight 5x7",
    "layers.0.bias 7",
    "layers.1.weight 7x7",
    "layers.1.bias 7",
    "layers.2.weight 7x3",
    "layers.2.bias 3",
  ]);
  mlp.layers[1]?.bias?.assign(tensor1d(new Float32Array(7).fill(-100)));
  tidy(() =>
    expectClose(
      mlp.call(uniformTensor<Rank.R2>([1, 5], { seed: 1 })).dataSync(),
      mlp.layers[2]?.bias?.value.dataSync() ?? [],
    ),
  );
  mlp.dispose();
  expect(() => new Mlp({ inputDim: 5, hiddenDim: 7, outputDim: 3, layers: 0, random: random() })).toThrow(
    "Mlp: layers expected a whole number of at least 1 and at most 2147483647, got 0",
  );
});

test("norms begin as the identity of what is normal already", () => {
  const [layer, group] = [new LayerNorm({ dim: 2, epsilon: 0 }), new GroupNorm({ groups: 1, channels: 2, epsilon: 0 })];
  tidy(() => {
    const input = tensor4d([1, -1], [1, 1, 1, 2]);
    expectClose(layer.call(input), input);
    expectClose(group.call(input, input), [[[[2, -2]]]]);
    expectClose(layer.call(input, tensor4d([0, 4], [1, 1, 1, 2])), [[[[-1, 1]]]]);
  });
  layer.dispose();
  group.dispose();
  expect(() => new GroupNorm({ groups: 3, channels: 5 })).toThrow("GroupNorm: 3 groups do not divide 5 channels");
});

test("layers made from the same seed are equal, one after the other they differ", () => {
  const [first, second] = [random(), random()];
  const layers = [first, second, second].map(
    (source) => new Linear({ inputDim: 2, outputDim: 3, weightInitializer: normal(), random: source }),
  );
  const [a, b, c] = layers.map((layer) => [...layer.weight.value.dataSync()]);
  expect(a).toEqual(b);
  expect(b).not.toEqual(c);
  for (const layer of layers) layer.dispose();
});
