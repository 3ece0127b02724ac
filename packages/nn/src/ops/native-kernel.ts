import type { ImageSize } from "../padded-batch.ts";
import {
  engine,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
} from "@tensorflow/tfjs-core";

/**
 * Names of the kernels that a backend may offer beside tfjs's own. Each fuses what would otherwise be many small ops;
 * the ops in this folder use one where the running backend has registered it, and compose tfjs-core ops where not.
 * Inputs, attributes and outputs of each are given beside the op that uses it.
 */
export const fusedKernels = {
  convolution: "DetrkitConvolution",
  convolutionInputGradient: "DetrkitConvolutionInputGradient",
  convolutionFilterGradient: "DetrkitConvolutionFilterGradient",
  layerNorm: "DetrkitLayerNorm",
  layerNormGradient: "DetrkitLayerNormGradient",
  groupNorm: "DetrkitGroupNorm",
  groupNormGradient: "DetrkitGroupNormGradient",
  maxPool: "DetrkitMaxPool",
  maxPoolGradient: "DetrkitMaxPoolGradient",
  attention: "DetrkitAttention",
  attentionGradient: "DetrkitAttentionGradient",
  multiHeadAttention: "DetrkitMultiHeadAttention",
  multiHeadAttentionGradient: "DetrkitMultiHeadAttentionGradient",
  linear: "DetrkitLinear",
  linearRelu: "DetrkitLinearRelu",
  linearGradient: "DetrkitLinearGradient",
  feedForward: "DetrkitFeedForward",
  feedForwardGradient: "DetrkitFeedForwardGradient",
  dropout: "DetrkitDropout",
  reluGradient: "DetrkitReluGradient",
  adamW: "DetrkitAdamW",
  deformableAttention: "MultiScaleDeformableAttention",
  deformableAttentionGradient: "MultiScaleDeformableAttentionGradient",
  deformableSampling: "DetrkitDeformableSampling",
  deformableSamplingGradient: "DetrkitDeformableSamplingGradient",
} as const;

export type FusedKernel = (typeof fusedKernels)[keyof typeof fusedKernels];

/** Whether the running backend has this kernel. */
export function hasKernel(name: FusedKernel): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

/** Runs a kernel of the running backend on its inputs in order. */
export function runKernel(name: FusedKernel, inputs: readonly Tensor[], attributes: object): Tensor[] {
  const result = engine().runKernel(name, inputs as unknown as NamedTensorMap, attributes as NamedAttrMap) as
    | Tensor
    | Tensor[];
  return Array.isArray(result) ? result : [result];
}

/**
 * Inputs: input, filter, then bias and residual where their flags are set. Output: as the input, padded and slid over.
 */
export interface ConvolutionAttributes {
  readonly strides: number;
  readonly padding: number;
  readonly dilation: number;
  readonly relu: boolean;
  readonly bias: boolean;
  readonly residual: boolean;
}

/** Inputs: input, weight, bias, and a residual or none. Outputs: the result, mean and 1/deviation of each row. */
export interface LayerNormAttributes {
  readonly epsilon: number;
}

/**
 * Inputs: input, weight, bias, and a residual or none. Outputs: the result, mean and 1/deviation of each image's
 * channels.
 */
export interface GroupNormAttributes {
  readonly groups: number;
  readonly epsilon: number;
  readonly relu: boolean;
}

/** Input: the map. Output: the largest value of each window. */
export interface MaxPoolAttributes {
  readonly window: number;
  readonly stride: number;
  readonly padding: number;
}

/** Inputs: input, two weights each followed by its bias, and a seed where the rate is above 0. Output: the result. */
export interface FeedForwardAttributes {
  /** Share of the hidden activations that dropout sets to 0. */
  readonly rate: number;
}

/** Inputs: query, key, value, padding (empty where there is none), seed. Output: the result. */
export interface AttentionAttributes {
  readonly heads: number;
  readonly rate: number;
}

/**
 * Inputs: position of the memory, position of the queries, memory, queries, weight and bias of the query, key, value
 * and output projections, padding, seed; positions, queries and padding where their flags are set, a seed where the
 * rate is above 0. Without queries of its own the memory attends to itself, and its position is that of both. Outputs:
 * the result, and what its gradient needs.
 */
export interface MultiHeadAttentionAttributes {
  readonly heads: number;
  /** Share of the attention weights that dropout sets to 0. */
  readonly rate: number;
  readonly memoryPosition: boolean;
  readonly queryPosition: boolean;
  readonly queries: boolean;
  readonly padding: boolean;
}

/** Inputs: input, seed. Output: the result. */
export interface DropoutAttributes {
  readonly rate: number;
}

/**
 * Inputs: value `[B, S, M, D/M]`, samplingLocations `[B, Q, M, L, P, 2]`, attentionWeights `[B, Q, M, L, P]`. Output:
 * the result `[B, Q, D]`. The gradient takes the output's gradient as fourth input and returns those of the three.
 */
export interface DeformableAttentionAttributes {
  /**
   * Heights and widths of the `L` maps whose cells are the `S` rows of `value`, one map after the other, row by row.
   */
  readonly levelShapes: readonly ImageSize[];
}

/**
 * The same from what a layer predicts, so that neither locations nor weights are ever stored. Inputs: value `[B, S,
 * D]`, offsets `[B, Q, M·L·P·2]`, logits `[B, Q, M·L·P]`, referencePoints `[B, Q, L, 2 or 4]`. Output: the result `[B,
 * Q, D]`. The gradient takes the output's gradient as fifth input and returns those of the four.
 */
export interface DeformableSamplingAttributes extends DeformableAttentionAttributes {
  readonly heads: number;
  readonly points: number;
}
