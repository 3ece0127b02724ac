import { ConfigError, ShapeError, TensorError } from "@detrkit/common";
import * as deformable from "@detrkit/deformable-attention/kernels";
import * as nn from "@detrkit/nn/kernels";
import { adamWKernel } from "@detrkit/optim/kernels";
import { ownKernels, useBackend } from "@detrkit/test-utils";
import { dispose, memory, ones, scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";

useBackend("native");

/**
 * Inputs of float32 by shape, or by the type that one has; attributes; and how many of the last inputs may be missing.
 */
interface KernelCall {
  readonly inputs: readonly (readonly number[] | "seed" | "no mask")[];
  readonly attributes?: object;
  readonly optional?: number;
}

const sliding = { strides: 1, padding: 0, dilation: 1, relu: true, bias: true, residual: true };
const projections = Array.from({ length: 4 }, () => [[6, 6], [6]]).flat();
const levels = { levelShapes: [{ height: 2, width: 3 }] };
const located = [
  [1, 6, 2, 4],
  [1, 3, 2, 1, 5, 2],
  [1, 3, 2, 1, 5],
];
const predicted = [
  [1, 6, 8],
  [1, 3, 20],
  [1, 3, 10],
  [1, 3, 1, 2],
];
const flags = { heads: 2, rate: 0.5, memoryPosition: true, queryPosition: true, queries: true, keyPaddingMask: false };

const listed = {
  [nn.convolutionKernel]: { inputs: [[1, 5, 7, 2], [3, 3, 2, 3], [3], [1, 3, 5, 3]], attributes: sliding },
  [nn.convolutionInputGradientKernel]: {
    inputs: [
      [3, 3, 2, 3],
      [1, 3, 5, 3],
    ],
    attributes: { ...sliding, shape: [1, 5, 7, 2] },
  },
  [nn.convolutionFilterGradientKernel]: {
    inputs: [
      [1, 5, 7, 2],
      [1, 3, 5, 3],
    ],
    attributes: { ...sliding, shape: [3, 3, 2, 3] },
  },
  [nn.layerNormKernel]: { inputs: [[5, 3], [3], [3], [5, 3]], attributes: { epsilon: 1 }, optional: 1 },
  [nn.layerNormGradientKernel]: { inputs: [[5, 3], [5, 3], [3], [5], [5], [5, 3]], optional: 1 },
  [nn.groupNormKernel]: {
    inputs: [[1, 2, 5, 6], [6], [6], [1, 2, 5, 6]],
    attributes: { groups: 3, epsilon: 1, relu: false },
    optional: 1,
  },
  [nn.groupNormGradientKernel]: {
    inputs: [[1, 5, 6], [1, 5, 6], [1, 5, 6], [6], [1, 6], [1, 6]],
    attributes: { groups: 3, relu: true, residual: true },
  },
  [nn.maxPoolKernel]: { inputs: [[1, 5, 7, 3]], attributes: { window: 3, stride: 2, padding: 1 } },
  [nn.maxPoolGradientKernel]: {
    inputs: [
      [1, 3, 4, 3],
      [1, 5, 7, 3],
      [1, 3, 4, 3],
    ],
    attributes: { window: 3, stride: 2, padding: 1 },
  },
  [nn.attentionKernel]: {
    inputs: [[1, 5, 6], [1, 3, 6], [1, 3, 6], "no mask", "seed"],
    attributes: { heads: 2, rate: 0.5 },
  },
  [nn.attentionGradientKernel]: {
    inputs: [[1, 5, 6], [1, 3, 6], [1, 3, 6], "no mask", "seed", [1, 5, 6]],
    attributes: { heads: 2, rate: 0.5 },
  },
  [nn.multiHeadAttentionKernel]: {
    inputs: [[3, 6], [1, 5, 6], [1, 3, 6], [1, 5, 6], ...projections, "seed"],
    attributes: flags,
  },
  [nn.multiHeadAttentionGradientKernel]: {
    inputs: [[1, 5, 6], [96], [3, 6], [1, 5, 6], [1, 3, 6], [1, 5, 6], ...projections, "seed"],
    attributes: flags,
  },
  [nn.linearKernel]: { inputs: [[5, 3], [3, 2], [2]], optional: 1 },
  [nn.linearReluKernel]: { inputs: [[5, 3], [3, 2], [2]], optional: 1 },
  [nn.linearGradientKernel]: {
    inputs: [
      [5, 2],
      [5, 3],
      [3, 2],
      [5, 2],
    ],
    attributes: { bias: true },
    optional: 1,
  },
  [nn.feedForwardKernel]: { inputs: [[5, 3], [3, 7], [7], [7, 3], [3], "seed"], attributes: { rate: 0.5 } },
  [nn.feedForwardGradientKernel]: {
    inputs: [[5, 3], [5, 3], [3, 7], [7], [7, 3], [3], "seed"],
    attributes: { rate: 0.5 },
  },
  [nn.dropoutKernel]: { inputs: [[5, 3], "seed"], attributes: { rate: 0.5 } },
  [nn.reluGradientKernel]: {
    inputs: [
      [5, 3],
      [5, 3],
    ],
  },
  [adamWKernel]: { inputs: [[9], [6], [6], [2, 3], [2, 3]] },
  [deformable.deformableAttentionKernel]: { inputs: located, attributes: levels },
  [deformable.deformableAttentionGradientKernel]: { inputs: [...located, [1, 3, 8]], attributes: levels },
  [deformable.deformableSamplingKernel]: { inputs: predicted, attributes: { ...levels, heads: 2, points: 5 } },
  [deformable.deformableSamplingGradientKernel]: {
    inputs: [...predicted, [1, 3, 8]],
    attributes: { ...levels, heads: 2, points: 5 },
  },
} satisfies Readonly<Record<string, KernelCall>>;
type Kernel = keyof typeof listed;
const calls: Readonly<Record<Kernel, KernelCall>> = listed;

function inputsOf({ inputs }: KernelCall): Tensor[] {
  return inputs.map((input) => {
    if (input === "seed") return scalar(7, "int32");
    return input === "no mask" ? ones([0], "bool") : ones([...input] as [number]);
  });
}

const names = Object.keys(calls) as Kernel[];

test("every kernel of ours has a call here, under the name that its op gives it", () => {
  expect(ownKernels().toSorted()).toEqual(names.toSorted());
});

test.each(names)("%s refuses an input too many, one too few, one of another type, one that is disposed", (kernel) => {
  const call = calls[kernel];
  const expectRefused = (change: (inputs: Tensor[]) => Tensor[], message: RegExp): void => {
    tidy(() => {
      const given = change(inputsOf(call));
      expect(() => nn.runKernel(kernel, given, { ...call.attributes })).toThrow(
        expect.objectContaining({ name: TensorError.name, message: expect.stringMatching(message) as string }),
      );
    });
  };
  tidy(() => void expect(nn.runKernel(kernel, inputsOf(call), { ...call.attributes }).length).toBeGreaterThan(0));
  const count = call.inputs.length;
  expectRefused(
    (inputs) => [...inputs, ones([3])],
    new RegExp(`^${kernel} expected \\d+ inputs \\(.*\\), got ${count + 1}$`, "u"),
  );
  const few = count - (call.optional ?? 0) - 1;
  expectRefused(
    (inputs) => inputs.slice(0, few),
    new RegExp(`^${kernel} expected \\d+ inputs \\(.*\\), got ${few}$`, "u"),
  );
  for (let at = 0; at < count; at++) {
    expectRefused(
      (inputs) =>
        inputs.with(at, ones((inputs[at] as Tensor).shape as [number], call.inputs[at] === "seed" ? "bool" : "int32")),
      /expected (float32|int32|bool), got (int32|bool); cast it first$/u,
    );
    expectRefused((inputs) => {
      dispose(inputs[at] as Tensor);
      return inputs;
    }, /is disposed/u);
  }
});

test.each<[Kernel, object, string]>([
  [nn.maxPoolKernel, { window: 3, stride: 2, padding: 2 ** 31 }, "max pool: padding expected a whole number"],
  [nn.maxPoolKernel, { window: 3, stride: 2, padding: 2 }, "max pool: padding 2 is more than half of the window 3"],
  [nn.maxPoolKernel, { window: 3, stride: 0, padding: 1 }, "max pool: stride expected a whole number of at least 1"],
  [
    nn.maxPoolGradientKernel,
    { window: 2.5, stride: 2, padding: 1 },
    "max pool: window expected a whole number of at least 1",
  ],
  [nn.convolutionKernel, { ...sliding, padding: -1 }, "convolution: padding expected a whole number of at least 0"],
  [nn.convolutionKernel, { ...sliding, strides: 1.5 }, "convolution: strides expected a whole number of at least 1"],
  [
    nn.convolutionInputGradientKernel,
    { ...sliding, shape: undefined },
    "DetrkitConvolutionInputGradient: shape expected a list of sizes, got undefined",
  ],
  [
    nn.convolutionInputGradientKernel,
    { ...sliding, shape: [1, 5.5, 7, 2] },
    "DetrkitConvolutionInputGradient: shape expected a whole number",
  ],
  [nn.attentionKernel, { heads: 1.5, rate: 0.5 }, "DetrkitAttention: heads expected a whole number"],
  [nn.attentionKernel, { heads: 2, rate: 1 }, "DetrkitAttention: rate must be at least 0 and below 1, got 1"],
  [nn.dropoutKernel, { rate: -1 }, "DetrkitDropout: rate must be at least 0 and below 1, got -1"],
  [nn.layerNormKernel, { epsilon: NaN }, "DetrkitLayerNorm: epsilon expected a finite number, got NaN"],
  [
    nn.groupNormKernel,
    { groups: 2 ** 32 + 2, epsilon: 1, relu: false },
    "DetrkitGroupNorm: groups expected a whole number",
  ],
  [deformable.deformableAttentionKernel, {}, "levelShapes expected a list of heights and widths, got undefined"],
  [
    deformable.deformableAttentionKernel,
    { levelShapes: [{ height: 2 ** 32 + 2, width: 3 }] },
    "a level's height expected a whole number",
  ],
])("%s refuses the settings %j", (kernel, attributes, message) => {
  tidy(() => {
    expect(() => nn.runKernel(kernel, inputsOf(calls[kernel]), attributes)).toThrow(
      expect.objectContaining({ name: ConfigError.name, message: expect.stringContaining(message) as string }),
    );
  });
});

test.each<[Kernel, number, readonly number[], string]>([
  [nn.convolutionKernel, 2, [1, 3], "DetrkitConvolution: bias expected [3], got [1, 3]"],
  [nn.convolutionKernel, 3, [1, 1, 1, 3], "DetrkitConvolution: residual expected [1, 3, 5, 3], got [1, 1, 1, 3]"],
  [
    nn.convolutionKernel,
    0,
    [0, 5, 7, 2],
    "DetrkitConvolution expected operands that are not empty, got input [0, 5, 7, 2]",
  ],
  [
    nn.convolutionInputGradientKernel,
    1,
    [1, 3, 4, 3],
    "DetrkitConvolutionInputGradient: dy expected [1, 3, 5, 3], got [1, 3, 4, 3]",
  ],
  [
    nn.convolutionFilterGradientKernel,
    1,
    [2, 3, 5, 3],
    "DetrkitConvolutionFilterGradient: dy expected [1, 3, 5, 3], got [2, 3, 5, 3]",
  ],
  [nn.reluGradientKernel, 0, [5, 1], "DetrkitReluGradient: dy expected [5, 3], got [5, 1]"],
  [nn.linearKernel, 2, [1], "linear: bias expected [2], got [1]"],
])("%s refuses shapes that do not fit by a ShapeError", (kernel, at, shape, message) => {
  tidy(() => {
    const inputs = inputsOf(calls[kernel]).with(at, ones([...shape] as [number]));
    expect(() => nn.runKernel(kernel, inputs, { ...calls[kernel].attributes })).toThrow(
      expect.objectContaining({ name: ShapeError.name, message: expect.stringContaining(message) as string }),
    );
  });
});

test("steps of a convolution that oneDNN's 32 bits cannot hold are made smaller", () => {
  tidy(() => {
    const inputs = [ones([1, 5, 7, 2]), ones([3, 3, 2, 3])];
    const attributes = { ...sliding, bias: false, residual: false };
    const [result] = nn.runKernel(nn.convolutionKernel, inputs, { ...attributes, strides: 2 ** 31 - 1 });
    expect([result?.shape, [...(result?.dataSync() ?? [])]]).toEqual([
      [1, 1, 1, 3],
      [18, 18, 18],
    ]);
  });
});

test("a flag that is a number is a flag: no number of results", () => {
  tidy(() => {
    const { inputs, ...call } = calls[nn.multiHeadAttentionGradientKernel];
    const results = nn.runKernel(nn.multiHeadAttentionGradientKernel, inputsOf({ inputs }), {
      ...call.attributes,
      queries: 2,
    });
    expect(results.length).toBe(12);
  });
});

test("a gradient that TensorFlow refuses leaves no tensor behind", () => {
  tidy(() => {
    const inputs = [ones([3, 3, 2, 3]), ones([1, 1, 3, 3])];
    const before = memory().numTensors;
    const run = (): unknown =>
      nn.runKernel(nn.convolutionInputGradientKernel, inputs, { ...sliding, dilation: 2, shape: [1, 5, 7, 2] });
    expect(run).toThrow("dilation rates larger than 1");
    expect(memory().numTensors).toBe(before);
  });
});

test("a result of more numbers than 32 bits count is refused, though nothing goes in", () => {
  tidy(() => {
    expect(() => nn.runKernel(nn.linearKernel, [ones([2 ** 20, 0]), ones([0, 2 ** 20])], {})).toThrow(
      new ShapeError(
        "detrkit: a result of [1048576, 1048576] is more than 2147483647 numbers; take smaller images or batches",
      ),
    );
  });
});
