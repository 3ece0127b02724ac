import { engine, getBackend, getKernel, type NamedAttrMap, type NamedTensorMap, type Tensor } from "@tensorflow/tfjs-core";

/**
 * Names of the kernels that a backend may offer beside tfjs's own. Each fuses what would otherwise be many small ops; the
 * ops in this folder use one where the running backend has registered it, and compose tfjs-core ops where not. Inputs,
 * attributes and outputs of each are given beside the op that uses it.
 */
export const fusedKernels = {
  convolution: "DetrkitConvolution",
  convolutionInputGradient: "DetrkitConvolutionInputGradient",
  convolutionFilterGradient: "DetrkitConvolutionFilterGradient",
  layerNorm: "DetrkitLayerNorm",
  layerNormGradient: "DetrkitLayerNormGradient",
  groupNorm: "DetrkitGroupNorm",
  groupNormGradient: "DetrkitGroupNormGradient",
  attention: "DetrkitAttention",
  attentionGradient: "DetrkitAttentionGradient",
  linear: "DetrkitLinear",
  linearGradient: "DetrkitLinearGradient",
  dropout: "DetrkitDropout",
  adamW: "DetrkitAdamW",
} as const;

export type FusedKernel = (typeof fusedKernels)[keyof typeof fusedKernels];

/** Whether the running backend has this kernel. */
export function hasKernel(name: FusedKernel): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

/** Runs a kernel of the running backend; several outputs come as an array. */
export function runKernel(name: FusedKernel, inputs: Readonly<Record<string, Tensor>>, attributes: Readonly<Record<string, unknown>>): Tensor[] {
  const result = engine().runKernel(name, inputs as unknown as NamedTensorMap, attributes as unknown as NamedAttrMap) as Tensor | Tensor[];
  return Array.isArray(result) ? result : [result];
}
