import * as deformable from "@detrkit/deformable-attention/kernels";
import * as nn from "@detrkit/nn/kernels";
import { adamWKernel } from "@detrkit/optim/kernels";
import { clone, type Tensor } from "@tensorflow/tfjs-core";
import {
  type Call,
  cellsOf,
  feedForwardInputs,
  flag,
  float,
  type FuzzedOp,
  leading,
  linearInputs,
  locatedInputs,
  mask,
  normInputs,
  poolPadding,
  rateOf,
  seed,
  type Sizes,
  type TensorPlan,
} from "./call.ts";
import { convolutionCall } from "./convolution-call.ts";

const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
function attentionInputs({ a: B, b: Q, c: S, n, m, flags }: Sizes): TensorPlan[] {
  const D = n * m;
  return [float(B, Q, D), float(B, S, D), float(B, S, D), flags[0] ? mask(B, S) : mask(0), seed];
}

/**
 * Flags: memory's position, queries', queries of their own, dropout, padding; positions shared by the images or not.
 */
function multiHeadCall(sizes: Sizes, isGradient: boolean): Call {
  const { a: B, b: Q, c: S, n, m } = sizes;
  const D = n * m;
  const [memoryPosition, queries, keyPaddingMask] = [flag(sizes, 0), flag(sizes, 2), flag(sizes, 4)];
  const queryPosition = queries && flag(sizes, 1);
  const rate = rateOf(sizes);
  const position = (rows: number): TensorPlan => (flag(sizes, 5) ? float(rows, D) : float(B, rows, D));
  const asked = queries ? [B, Q, D] : [B, S, D];
  const inputs = [
    ...(isGradient ? [float(...asked), float(2 * (size(asked) + B * S * D))] : []),
    ...(memoryPosition ? [position(S)] : []),
    ...(queryPosition ? [position(Q)] : []),
    float(B, S, D),
    ...(queries ? [float(...asked)] : []),
    ...Array.from({ length: 4 }, () => [float(D, D), float(D)]).flat(),
    ...(keyPaddingMask ? [mask(B, S)] : []),
    ...(rate > 0 ? [seed] : []),
  ];
  return { inputs, attributes: { heads: n, rate, memoryPosition, queryPosition, queries, keyPaddingMask } };
}

const withSeed = (sizes: Sizes, inputs: readonly TensorPlan[]): TensorPlan[] => [
  ...inputs,
  ...(rateOf(sizes) > 0 ? [seed] : []),
];

function poolCall(sizes: Sizes): {
  readonly map: number[];
  readonly result: number[];
  readonly attributes: Call["attributes"];
} {
  const { a, b, c, d, n, m } = sizes;
  const padding = poolPadding(sizes);
  const map = [a, b + n, c + n, d];
  const after = (length: number): number => Math.floor((length + 2 * padding - n) / m) + 1;
  return { map, result: [a, after(b + n), after(c + n), d], attributes: { window: n, stride: m, padding } };
}

function predictedInputs(sizes: Sizes): TensorPlan[] {
  const { a: B, b: Q, c, n, m, levels } = sizes;
  const samples = n * levels.length * m;
  return [
    float(B, cellsOf(sizes), n * c),
    float(B, Q, samples * 2),
    float(B, Q, samples),
    float(B, Q, levels.length, flag(sizes, 0) ? 4 : 2),
  ];
}

/**
 * The inputs of a gradient by one of a convolution's two, and its shape. TensorFlow has none of dilated ones on a CPU;
 * the op in nn composes them.
 */
function convolutionGradientCall(sizes: Sizes, byInput: boolean): Call {
  const { inputs, attributes } = convolutionCall(
    { ...sizes, n: 2 * Math.ceil(sizes.n / 2), flags: [false, true, flag(sizes, 2)] },
    false,
  );
  const [input, filter, dy] = inputs as [TensorPlan, TensorPlan, TensorPlan];
  return {
    inputs: [byInput ? filter : input, dy],
    attributes: { ...attributes, residual: false, shape: byInput ? input.shape : filter.shape },
  };
}

const calls: Readonly<Record<string, (sizes: Sizes) => Call>> = {
  [nn.convolutionKernel]: (sizes) => convolutionCall(sizes, false),
  [nn.convolutionInputGradientKernel]: (sizes) => convolutionGradientCall(sizes, true),
  [nn.convolutionFilterGradientKernel]: (sizes) => convolutionGradientCall(sizes, false),
  [nn.layerNormKernel]: (sizes) => ({
    inputs: normInputs(sizes, [...leading(sizes), sizes.c]),
    attributes: { epsilon: 1e-2 },
  }),
  [nn.layerNormGradientKernel]: (sizes) => {
    const rows = [...leading(sizes), sizes.c];
    const statistics = float(sizes.c === 0 ? 0 : size(leading(sizes)));
    return {
      inputs: [
        float(...rows),
        float(...rows),
        float(sizes.c),
        statistics,
        statistics,
        ...(flag(sizes, 1) ? [float(...rows)] : []),
      ],
      attributes: {},
    };
  },
  [nn.groupNormKernel]: (sizes) => ({
    inputs: normInputs(sizes, [sizes.a, sizes.b, sizes.c, sizes.n * sizes.m]),
    attributes: { groups: sizes.n, epsilon: 1e-2, relu: flag(sizes, 2) },
  }),
  [nn.groupNormGradientKernel]: (sizes) => {
    const C = sizes.n * sizes.m;
    const map = float(sizes.a, sizes.b, sizes.c, C);
    return {
      inputs: [map, map, map, float(C), float(sizes.a, C), float(sizes.a, C)],
      attributes: { groups: sizes.n, relu: flag(sizes, 2), residual: flag(sizes, 1) },
    };
  },
  [nn.maxPoolKernel]: (sizes) => {
    const { map, attributes } = poolCall(sizes);
    return { inputs: [float(...map)], attributes };
  },
  [nn.maxPoolGradientKernel]: (sizes) => {
    const { map, result, attributes } = poolCall(sizes);
    return { inputs: [float(...result), float(...map), float(...result)], attributes };
  },
  [nn.attentionKernel]: (sizes) => ({
    inputs: attentionInputs(sizes),
    attributes: { heads: sizes.n, rate: rateOf(sizes) },
  }),
  [nn.attentionGradientKernel]: (sizes) => ({
    inputs: [...attentionInputs(sizes), float(sizes.a, sizes.b, sizes.n * sizes.m)],
    attributes: { heads: sizes.n, rate: rateOf(sizes) },
  }),
  [nn.multiHeadAttentionKernel]: (sizes) => multiHeadCall(sizes, false),
  [nn.multiHeadAttentionGradientKernel]: (sizes) => multiHeadCall(sizes, true),
  [nn.linearKernel]: (sizes) => ({ inputs: linearInputs(sizes), attributes: {} }),
  [nn.linearReluKernel]: (sizes) => ({ inputs: linearInputs(sizes), attributes: {} }),
  [nn.linearGradientKernel]: (sizes) => {
    const result = float(...leading(sizes), sizes.d);
    return {
      inputs: [result, float(...leading(sizes), sizes.c), float(sizes.c, sizes.d), ...(flag(sizes, 1) ? [result] : [])],
      attributes: { bias: flag(sizes, 2) },
    };
  },
  [nn.feedForwardKernel]: (sizes) => ({
    inputs: withSeed(sizes, feedForwardInputs(sizes)),
    attributes: { rate: rateOf(sizes) },
  }),
  [nn.feedForwardGradientKernel]: (sizes) => ({
    inputs: [float(...leading(sizes), sizes.c), ...withSeed(sizes, feedForwardInputs(sizes))],
    attributes: { rate: rateOf(sizes) },
  }),
  [nn.dropoutKernel]: (sizes) => ({
    inputs: [float(...leading(sizes)), seed],
    attributes: { rate: rateOf(sizes) },
  }),
  [nn.reluGradientKernel]: (sizes) => ({
    inputs: [float(...leading(sizes)), float(...leading(sizes))],
    attributes: {},
  }),
  [adamWKernel]: (sizes) => {
    const parameters = [float(sizes.a, sizes.b), float(sizes.c), ...(flag(sizes, 0) ? [float(sizes.d, 1, 2)] : [])];
    const moments = float(parameters.reduce((total, { shape }) => total + size(shape), 0));
    return {
      inputs: [float(6 + 3 * parameters.length), moments, moments, ...parameters, ...parameters],
      attributes: {},
    };
  },
  [deformable.deformableAttentionKernel]: (sizes) => ({
    inputs: locatedInputs(sizes),
    attributes: { levelShapes: sizes.levels },
  }),
  [deformable.deformableAttentionGradientKernel]: (sizes) => ({
    inputs: [...locatedInputs(sizes), float(sizes.a, sizes.b, sizes.n * sizes.c)],
    attributes: { levelShapes: sizes.levels },
  }),
  [deformable.deformableSamplingKernel]: (sizes) => ({
    inputs: predictedInputs(sizes),
    attributes: { heads: sizes.n, points: sizes.m, levelShapes: sizes.levels },
  }),
  [deformable.deformableSamplingGradientKernel]: (sizes) => ({
    inputs: [...predictedInputs(sizes), float(sizes.a, sizes.b, sizes.n * sizes.c)],
    attributes: { heads: sizes.n, points: sizes.m, levelShapes: sizes.levels },
  }),
};

/** Every native kernel, called by its name: what its op in nn makes sure of is not made sure of here. */
export const kernelOps: Readonly<Record<string, FuzzedOp>> = Object.fromEntries(
  Object.entries(calls).map(([name, plan]) => [
    name,
    {
      plan,
      run: (inputs, attributes) => withChanged(name, inputs, nn.runKernel(name, inputs, attributes)),
    } satisfies FuzzedOp,
  ]),
);

/** What AdamW changed in its inputs is part of its result. */
function withChanged(name: string, inputs: readonly Tensor[], results: Tensor[]): Tensor[] {
  return name === adamWKernel ? [...results, ...inputs.map((input) => clone(input))] : results;
}
