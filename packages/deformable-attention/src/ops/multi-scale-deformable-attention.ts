import { hasKernel, runKernel } from "@detrkit/nn/kernels";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import { registerGradients } from "../kernels/register-gradients.ts";
import { registerKernels } from "../kernels/register-kernels.ts";
import { composedDeformableAttention } from "./composed.ts";
import { type DeformableAttentionOperands, operandSizes } from "./operands.ts";
import { type DeformableAttentionAttributes, deformableAttentionKernel } from "../kernels/names.ts";

/**
 * The sampling and averaging of multi-scale deformable attention: each query and head samples a few points of the maps
 * (bilinear, zeros outside) and sums them with its weights. Differentiable in value, locations and weights.
 *
 * If x or y of a location is NaN, the result of its query and head is NaN, and so are the gradients with respect to
 * both of its coordinates and to its weight. It reads no cell, so `value` gets no gradient from it. An infinite
 * location counts as outside.
 *
 * It runs as one kernel where the running backend has one (native, wasm, cpu), else composed of tfjs-core's ops.
 *
 * @returns the heads' sums side by side, `[B, Q, D]`
 */
export function multiScaleDeformableAttention(operands: DeformableAttentionOperands): Tensor3D {
  operandSizes(operands);
  registerKernels();
  registerGradients();
  const { value, levelShapes, samplingLocations, attentionWeights } = operands;
  if (!hasKernel(deformableAttentionKernel)) return composedDeformableAttention(operands);
  const attributes: DeformableAttentionAttributes = { levelShapes };
  return runKernel(deformableAttentionKernel, [value, samplingLocations, attentionWeights], attributes)[0] as Tensor3D;
}
