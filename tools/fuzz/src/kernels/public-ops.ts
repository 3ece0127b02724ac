import {
  activate,
  type Activation,
  attention,
  attentionWeights,
  BatchNorm,
  convolution,
  dropout,
  feedForward,
  FrozenBatchNorm,
  groupNorm,
  layerNorm,
  linear,
  MaxPool2d,
  multiHeadAttention,
} from "@detrkit/nn";
import { Random } from "@detrkit/common";
import type { Rank, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import {
  type Call,
  constant,
  feedForwardInputs,
  flag,
  float,
  type FuzzedOp,
  leading,
  linearInputs,
  mask,
  normInputs,
  poolPadding,
  rateOf,
  type Sizes,
} from "./call.ts";
import { convolutionCall } from "./convolution-call.ts";

/** An op's arguments, whatever they are: a hostile call gives it others. */
interface Arguments {
  readonly strides: number;
  readonly padding: number;
  readonly dilation: number;
  readonly relu: boolean;
  readonly bias: boolean;
  readonly residual: boolean;
  readonly activation: Activation | undefined;
  readonly epsilon: number;
  readonly groups: number;
  readonly heads: number;
  readonly rate: number;
  readonly keyPaddingMask: boolean;
  readonly attentionMask: boolean;
  readonly positions: boolean;
  readonly kernelSize: number;
  readonly stride: number;
  readonly training: boolean;
}

/** Channels of the batch norms. */
const normed = 3;
const always = (): boolean => true;
const undropped = ({ rate }: Readonly<Record<string, unknown>>): boolean => rate === 0;

function op(
  plan: (sizes: Sizes) => Call,
  run: (inputs: readonly Tensor[], given: Arguments) => Tensor | Tensor[],
  plain: FuzzedOp["plain"] = always,
  differentiable = true,
): FuzzedOp {
  return {
    plan,
    plain,
    differentiable,
    run: (inputs, attributes) => {
      const result = run(inputs, attributes as unknown as Arguments);
      return Array.isArray(result) ? result : [result];
    },
  };
}

/** Any number of axes in front of the width. */
/** A width that the heads or groups divide. */
const dividedBy = ({ n, m }: Sizes): number => n * m;

function attentionCall(sizes: Sizes): Call {
  const [B, Q, S, D] = [sizes.a, sizes.b, sizes.c, dividedBy(sizes)];
  const [keyPaddingMask, attentionMask] = [flag(sizes, 0), flag(sizes, 1)];
  const masks = [...(keyPaddingMask ? [mask(B, S)] : []), ...(attentionMask ? [constant(float(Q, S))] : [])];
  return {
    inputs: [float(B, Q, D), float(B, S, D), float(B, S, D), ...masks],
    attributes: { heads: sizes.n, keyPaddingMask, attentionMask, rate: rateOf(sizes) },
  };
}

function masksOf(
  rest: readonly Tensor[],
  { keyPaddingMask, attentionMask }: Arguments,
): { readonly keyPaddingMask?: Tensor2D | undefined; readonly attentionMask?: Tensor2D | undefined } {
  const [paddingMask, scores] = keyPaddingMask ? rest : [undefined, rest[0]];
  return {
    keyPaddingMask: paddingMask as Tensor2D | undefined,
    attentionMask: (attentionMask ? scores : undefined) as Tensor2D | undefined,
  };
}

/** The ops of nn. Each draws from the same numbers in every run. */
export const publicOps: Readonly<Record<string, FuzzedOp>> = {
  linear: op(
    (sizes) => ({
      inputs: linearInputs(sizes),
      attributes: { activation: flag(sizes, 2) ? "relu" : flag(sizes, 3) ? "gelu" : undefined },
    }),
    ([input, weight, bias], { activation }) =>
      linear(input as Tensor, weight as Tensor2D, bias as Tensor1D | undefined, activation),
  ),
  activate: op(
    (sizes) => ({ inputs: [float(...leading(sizes))], attributes: { activation: flag(sizes, 1) ? "relu" : "gelu" } }),
    ([input], { activation }) => activate(input as Tensor, activation ?? "relu"),
  ),
  convolution: op(
    (sizes) => convolutionCall(sizes, true),
    ([input, filter, ...rest], { bias, residual, relu, ...sliding }) =>
      convolution(input as Tensor4D, filter as Tensor4D, {
        ...sliding,
        bias: (bias ? rest[0] : undefined) as Tensor1D | undefined,
        residual: (residual ? rest[bias ? 1 : 0] : undefined) as Tensor4D | undefined,
        activation: relu ? "relu" : undefined,
      }),
  ),
  layerNorm: op(
    (sizes) => ({
      inputs: normInputs(sizes, [...leading(sizes), sizes.c]),
      attributes: { epsilon: 1e-2 },
    }),
    ([input, weight, bias, residual], { epsilon }) =>
      layerNorm(input as Tensor, weight as Tensor1D, bias as Tensor1D, epsilon, residual),
  ),
  groupNorm: op(
    (sizes) => ({
      inputs: normInputs(sizes, [sizes.a, sizes.b, sizes.c, dividedBy(sizes)]),
      attributes: { groups: sizes.n, epsilon: 1e-2, relu: flag(sizes, 2) },
    }),
    ([input, weight, bias, residual], { groups, epsilon, relu }) =>
      groupNorm(input as Tensor4D, weight as Tensor1D, bias as Tensor1D, {
        groups,
        epsilon,
        activation: relu ? "relu" : undefined,
        residual: residual as Tensor4D | undefined,
      }),
  ),
  attention: op(
    attentionCall,
    ([query, key, value, ...rest], given) =>
      attention({
        query: query as Tensor3D,
        key: key as Tensor3D,
        value: value as Tensor3D,
        heads: given.heads,
        ...masksOf(rest, given),
        dropoutRate: given.rate,
        random: new Random(1),
      }),
    undropped,
  ),
  attentionWeights: op(
    (sizes) => {
      const { inputs, attributes } = attentionCall({ ...sizes, c: sizes.c + 1 });
      return { inputs: [...inputs.slice(0, 2), ...inputs.slice(3)], attributes };
    },
    ([query, key, ...rest], given) =>
      attentionWeights({ query: query as Tensor3D, key: key as Tensor3D, heads: given.heads, ...masksOf(rest, given) }),
  ),
  multiHeadAttention: op(
    (sizes) => {
      const { inputs, attributes } = attentionCall(sizes);
      const D = dividedBy(sizes);
      const [queries, memory] = inputs as [Call["inputs"][number], Call["inputs"][number]];
      // One position for all images, or one for each.
      const positions = flag(sizes, 2) ? [float(...queries.shape.slice(1)), memory] : [];
      const parameters = Array.from({ length: 4 }, () => [float(D, D), float(D)]).flat();
      return {
        inputs: [queries, memory, ...parameters, ...positions, ...inputs.slice(3)],
        attributes: { ...attributes, positions: flag(sizes, 2) },
      };
    },
    ([query, memory, ...rest], given) => {
      const projection = (index: number): { readonly weight: Tensor2D; readonly bias: Tensor1D } => ({
        weight: rest[2 * index] as Tensor2D,
        bias: rest[2 * index + 1] as Tensor1D,
      });
      const [queryPosition, keyPosition] = (given.positions ? rest.slice(8, 10) : []) as Tensor<Rank.R2 | Rank.R3>[];
      const masks = masksOf(rest.slice(given.positions ? 10 : 8), given);
      const key = memory as Tensor3D;
      const inputs = { query: query as Tensor3D, key, value: key, queryPosition, keyPosition, ...masks };
      const projections = { query: projection(0), key: projection(1), value: projection(2), output: projection(3) };
      return multiHeadAttention(inputs, projections, {
        heads: given.heads,
        dropout: given.rate === 0 ? undefined : { rate: given.rate, random: new Random(1) },
      });
    },
    undropped,
  ),
  feedForward: op(
    (sizes) => ({
      inputs: feedForwardInputs(sizes),
      attributes: { activation: flag(sizes, 1) ? "relu" : "gelu", rate: rateOf(sizes) },
    }),
    ([input, expand, expandBias, contract, contractBias], { activation, rate }) =>
      feedForward(
        input as Tensor,
        {
          expand: expand as Tensor2D,
          expandBias: expandBias as Tensor1D,
          contract: contract as Tensor2D,
          contractBias: contractBias as Tensor1D,
        },
        { activation: activation ?? "relu", dropout: rate === 0 ? undefined : { rate, random: new Random(1) } },
      ),
    undropped,
  ),
  dropout: op(
    (sizes) => ({ inputs: [float(...leading(sizes))], attributes: { rate: rateOf(sizes) } }),
    ([input], { rate }) => dropout(input as Tensor, rate, new Random(1)),
    undropped,
  ),
  maxPool: op(
    (sizes) => {
      const kernelSize = sizes.n;
      return {
        inputs: [float(sizes.a, sizes.b + kernelSize, sizes.c + kernelSize, sizes.d)],
        attributes: { kernelSize, stride: sizes.m, padding: poolPadding(sizes) },
      };
    },
    ([input], { kernelSize, stride, padding }) =>
      new MaxPool2d({ kernelSize, stride, padding }).call(input as Tensor4D),
  ),
  batchNorms: op(
    (sizes) => ({
      inputs: [float(...leading(sizes).map((size) => size + 1), normed)],
      attributes: { training: flag(sizes, 1) },
    }),
    ([input], { training }) => {
      const [norm, frozen] = [new BatchNorm({ channels: normed }), new FrozenBatchNorm({ channels: normed })];
      try {
        return [norm.call(input as Tensor, { training }), frozen.call(input as Tensor)];
      } finally {
        norm.dispose();
        frozen.dispose();
      }
    },
    always,
    false,
  ),
};
