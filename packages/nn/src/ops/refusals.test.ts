import { ConfigError, Random, ShapeError, TensorError } from "@detrkit/common";
import { describeOnBackends } from "@detrkit/test-utils";
import {
  ones,
  type Rank,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { BatchNorm } from "../layers/batch-norm.ts";
import { Conv2d } from "../layers/conv2d.ts";
import { FrozenBatchNorm } from "../layers/frozen-batch-norm.ts";
import { GroupNorm } from "../layers/group-norm.ts";
import { MaxPool2d } from "../layers/max-pool-2d.ts";
import { MultiHeadAttention } from "../layers/multi-head-attention.ts";
import { activate } from "./activation.ts";
import { attention } from "./attention.ts";
import { convolution, type ConvolutionOptions } from "./convolution.ts";
import { dropout } from "./dropout.ts";
import { feedForward } from "./feed-forward.ts";
import { groupNorm } from "./group-norm.ts";
import { layerNorm } from "./layer-norm.ts";
import { linear } from "./linear.ts";
import { multiHeadAttention, type MultiHeadAttentionInputs } from "./multi-head-attention.ts";

const plain: ConvolutionOptions = { strides: 1, padding: 0, dilation: 1 };
const tokens = (...shape: [number, number, number]): Tensor3D => ones<Rank.R3>(shape);
const map = (...shape: [number, number, number, number]): Tensor4D => ones<Rank.R4>(shape);
const vector = (length: number): Tensor1D => ones<Rank.R1>([length]);
const matrix = (...shape: [number, number]): Tensor2D => ones<Rank.R2>(shape);
const convolve =
  (options: Partial<ConvolutionOptions>, input = map(1, 5, 7, 2), filter = map(1, 1, 2, 3)) =>
  () =>
    convolution(input, filter, { ...plain, ...options });
const attend =
  (inputs: Partial<MultiHeadAttentionInputs>, heads = 2, bias = 6) =>
  () => {
    const projection = { weight: matrix(6, 6), bias: vector(bias) };
    const memory = tokens(2, 5, 6);
    return multiHeadAttention(
      { query: memory, key: memory, value: memory, ...inputs },
      { query: projection, key: projection, value: projection, output: projection },
      { heads },
    );
  };
const asTensor = <T extends Tensor>(other: unknown): T => other as T;

/** Kernels read and write memory by these shapes, so none may pass. The case, the call, and the error. */
const shapes: readonly (readonly [string, () => () => unknown, string])[] = [
  [
    "a residual of one pixel",
    () => convolve({ bias: vector(3), residual: map(1, 1, 1, 3) }),
    "convolution: residual expected [1, 5, 7, 3], got [1, 1, 1, 3]",
  ],
  [
    "a residual that is larger",
    () => convolve({ bias: vector(3), residual: map(1, 128, 128, 3) }),
    "convolution: residual expected [1, 5, 7, 3], got [1, 128, 128, 3]",
  ],
  [
    "a residual without a bias",
    () => convolve({ residual: map(1, 5, 7, 1) }),
    "convolution: residual expected [1, 5, 7, 3], got [1, 5, 7, 1]",
  ],
  ["a bias of rank 2", () => convolve({ bias: asTensor(matrix(1, 3)) }), "convolution: bias expected [3], got [1, 3]"],
  ["a bias of one channel", () => convolve({ bias: vector(1) }), "convolution: bias expected [3], got [1]"],
  [
    "a filter of height 0",
    () => convolve({}, map(1, 5, 7, 2), map(0, 1, 2, 3)),
    "convolution: filter expected a height and a width of at least 1, got [0, 1, 2, 3]",
  ],
  [
    "a filter that does not fit",
    () => convolve({ dilation: 3 }, map(1, 5, 7, 2), map(3, 3, 2, 3)),
    "convolution: a window of 7 does not fit into [1, 5, 7, 2] padded by 0",
  ],
  [
    "padding that makes too much",
    () => convolve({ padding: 2 ** 20 }),
    "convolution: padded input would be [1, 2097157, 2097159, 2], more than 2147483647 numbers",
  ],
  [
    "a linear bias of one output",
    () => () => linear(matrix(5, 2), matrix(2, 3), vector(1)),
    "linear: bias expected [3], got [1]",
  ],
  ["a linear input without axes", () => () => linear(ones([]), matrix(2, 3)), "linear: input expected [2], got []"],
  [
    "a layer norm's bias",
    () => () => layerNorm(matrix(5, 3), vector(3), vector(1), 1),
    "layerNorm: bias expected [3], got [1]",
  ],
  [
    "a group norm's residual",
    () => () => groupNorm(map(1, 2, 2, 4), vector(4), vector(4), { groups: 2, epsilon: 1, residual: map(1, 1, 1, 4) }),
    "groupNorm: residual expected [1, 2, 2, 4], got [1, 1, 1, 4]",
  ],
  [
    "a group norm's bias",
    () => () => groupNorm(map(1, 2, 2, 4), vector(4), vector(1), { groups: 2, epsilon: 1 }),
    "groupNorm: bias expected [4], got [1]",
  ],
  [
    "a feed-forward part that does not come back to its width",
    () => () =>
      feedForward(
        matrix(5, 2),
        { expand: matrix(2, 3), expandBias: vector(3), contract: matrix(3, 4), contractBias: vector(4) },
        { activation: "relu" },
      ),
    "feedForward: contract expected [3, 2], got [3, 4]",
  ],
  [
    "an attention's value",
    () => attend({ value: tokens(2, 4, 6) }),
    "attention: value expected [2, 5, 6], got [2, 4, 6]",
  ],
  [
    "a position of one row",
    () => attend({ queryPosition: tokens(2, 1, 6) }),
    "multiHeadAttention: queryPosition expected [2, 5, 6], got [2, 1, 6]",
  ],
  ["a projection's bias", () => attend({}, 2, 1), "multiHeadAttention: bias expected [6], got [1]"],
  [
    "a window that does not fit",
    () => () => new MaxPool2d({ kernelSize: 3 }).call(map(1, 2, 7, 1)),
    "max pool: a window of 3 does not fit into [1, 2, 7, 1] padded by 0",
  ],
  [
    "a map without rows",
    () => () => new MaxPool2d({ kernelSize: 2, padding: 1 }).call(map(1, 0, 7, 1)),
    "max pool: a window of 2 does not fit into [1, 0, 7, 1] padded by 1",
  ],
];

const settings: readonly (readonly [string, () => () => unknown, string])[] = [
  [
    "negative padding",
    () => convolve({ padding: -1 }),
    "convolution: padding expected a whole number of at least 0 and at most 2147483647, got -1",
  ],
  [
    "strides of one and a half",
    () => convolve({ strides: 1.5 }),
    "convolution: strides expected a whole number of at least 1 and at most 2147483647, got 1.5",
  ],
  ["padding beyond 32 bits", () => convolve({ padding: 2 ** 31 }), "convolution: padding expected"],
  ["no dilation", () => convolve({ dilation: 0 }), "convolution: dilation expected"],
  [
    "heads of one and a half",
    () => () => attention({ query: tokens(1, 2, 3), key: tokens(1, 2, 3), value: tokens(1, 2, 3), heads: 1.5 }),
    "attention: 1.5 heads do not divide a width of 3",
  ],
  ["negative heads", () => attend({}, -2), "attention: -2 heads do not divide a width of 6"],
  [
    "a dropout rate of 1",
    () => () =>
      attention({
        query: tokens(1, 2, 3),
        key: tokens(1, 2, 3),
        value: tokens(1, 2, 3),
        heads: 1,
        dropoutRate: 1,
        random: new Random(1),
      }),
    "attention: rate must be at least 0 and below 1, got 1",
  ],
  [
    "a negative number of groups",
    () => () => groupNorm(map(1, 2, 2, 4), vector(4), vector(4), { groups: -2, epsilon: 1 }),
    "groupNorm: -2 groups do not divide 4 channels",
  ],
  [
    "a negative epsilon",
    () => () => layerNorm(matrix(5, 3), vector(3), vector(3), -1),
    "layerNorm: epsilon must be finite and at least 0, got -1",
  ],
  [
    "pooling by half a window",
    () => () => new MaxPool2d({ kernelSize: 2.5 }),
    "MaxPool2d: kernelSize expected a whole number",
  ],
  [
    "pooling without steps",
    () => () => new MaxPool2d({ kernelSize: 2, stride: 0 }),
    "MaxPool2d: stride expected a whole number",
  ],
  [
    "half a group",
    () => () => new GroupNorm({ groups: 0.5, channels: 2 }),
    "GroupNorm: 0.5 groups do not divide 2 channels",
  ],
  [
    "half a head",
    () => () => new MultiHeadAttention({ dim: 6, heads: 0.5, random: new Random(1) }),
    "MultiHeadAttention: 0.5 heads do not divide a width of 6",
  ],
];

describeOnBackends("ops refuse", () => {
  test.each(shapes)("%s", (_, prepare, message) => {
    tidy(
      () =>
        void expect(prepare()).toThrow(
          expect.objectContaining({ name: ShapeError.name, message: expect.stringContaining(message) as string }),
        ),
    );
  });

  test.each(settings)("%s", (_, prepare, message) => {
    tidy(
      () =>
        void expect(prepare()).toThrow(
          expect.objectContaining({ name: ConfigError.name, message: expect.stringContaining(message) as string }),
        ),
    );
  });

  test("whole numbers where floats are read, and floats where a mask is", () => {
    tidy(() => {
      const whole = ones<Rank.R4>([1, 5, 7, 2], "int32");
      const expectRefused = (call: () => unknown, message: string): void =>
        expect(call).toThrow(new TensorError(`${message}; cast it first`));
      expectRefused(convolve({}, whole), "convolution: input expected float32, got int32");
      expectRefused(() => linear(whole, matrix(2, 3)), "linear: input expected float32, got int32");
      expectRefused(() => dropout(whole, 0.5, new Random(1)), "dropout: input expected float32, got int32");
      expectRefused(() => activate(whole, "gelu"), "gelu: input expected float32, got int32");
      expectRefused(attend({ keyPaddingMask: matrix(2, 5) }), "attention: keyPaddingMask expected bool, got float32");
      expectRefused(
        attend({ attentionMask: ones<Rank.R2>([5, 5], "int32") }),
        "attention: attentionMask expected float32, got int32",
      );
    });
  });

  test("disposed tensors, and values that are not tensors", () => {
    tidy(() => {
      const disposed = map(1, 5, 7, 2);
      disposed.dispose();
      const message =
        "is disposed: its memory has been freed; keep it until its last use (a tidy frees all that it does not return)";
      expect(convolve({}, disposed)).toThrow(new TensorError(`convolution: input ${message}`));
      expect(convolve({ residual: disposed })).toThrow(new TensorError(`convolution: residual ${message}`));
      expect(() => linear(disposed, matrix(2, 3))).toThrow(new TensorError(`linear: input ${message}`));
      expect(() => linear(asTensor(undefined), matrix(2, 3))).toThrow(
        new TensorError("linear: input expected a tensor, got undefined"),
      );
      expect(() => layerNorm(matrix(5, 3), asTensor(null), vector(3), 1)).toThrow(
        new TensorError("layerNorm: weight expected a tensor, got null"),
      );
    });
  });

  test("Conv2d refuses a residual of another shape than its result", () => {
    const layer = new Conv2d({ inputChannels: 2, outputChannels: 3, kernelSize: 3, padding: 1, random: new Random(1) });
    tidy(
      () =>
        void expect(() => layer.call(map(1, 4, 4, 2), map(1, 1, 1, 3))).toThrow(
          "convolution: residual expected [1, 4, 4, 3], got [1, 1, 1, 3]",
        ),
    );
    layer.dispose();
  });

  test("batch norms refuse another number of channels, which would be spread over theirs", () => {
    for (const norm of [new BatchNorm({ channels: 3 }), new FrozenBatchNorm({ channels: 3 })]) {
      tidy(
        () =>
          void expect(() => norm.call(map(1, 2, 2, 1))).toThrow(
            "BatchNorm.call: input expected [1, 2, 2, 3], got [1, 2, 2, 1]",
          ),
      );
      norm.dispose();
    }
  });

  test("a batch norm does not train on nothing, which would leave NaN in its running statistics", () => {
    const norm = new BatchNorm({ channels: 3 });
    tidy(
      () =>
        void expect(() => norm.call(map(0, 2, 2, 3), { training: true })).toThrow(
          "BatchNorm.call: input [0, 2, 2, 3] is empty and has no statistics",
        ),
    );
    expect([...norm.runningMean.value.dataSync()]).toEqual([0, 0, 0]);
    norm.dispose();
  });
});
