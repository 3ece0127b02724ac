import { hasKernel, runKernel } from "@detrkit/nn/kernels";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import { registerGradients } from "../kernels/register-gradients.ts";
import { registerKernels } from "../kernels/register-kernels.ts";
import { composedDeformableAttention } from "./composed.ts";
import { type DeformableAttentionOperands, operandSizes } from "./operands.ts";
import { type DeformableAttentionAttributes, deformableAttentionKernel } from "../kernels/names.ts";

/**
 * The sampling and averaging of multi-scale deformable attention: each query and head reads its few points from the
 * maps, bilinearly, zeros outside, and adds them up by their weights. Differentiable in value, locations and weights.
 *
 * A location that is NaN in x or y makes the sums of its query and head NaN, and so the gradients by both of its
 * coordinates and by its weight; it reads no cell, so `value` gets no gradient by it. An infinite location is one
 * outside.
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
