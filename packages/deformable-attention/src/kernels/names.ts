import type { ImageSize } from "@detrkit/nn";

/** The kernel of `multiScaleDeformableAttention`, where a backend has it. */
export const deformableAttentionKernel = "DetrkitDeformableAttention";
/** Of its gradient. */
export const deformableAttentionGradientKernel = "DetrkitDeformableAttentionGradient";

/**
 * The same from the offsets and logits that a layer predicts: the kernel of `MultiScaleDeformableAttention`, where a
 * backend has it.
 */
export const deformableSamplingKernel = "DetrkitDeformableSampling";
/** Of its gradient. */
export const deformableSamplingGradientKernel = "DetrkitDeformableSamplingGradient";

/**
 * Inputs: value `[B, S, M, D/M]`, samplingLocations `[B, Q, M, L, P, 2]`, attentionWeights `[B, Q, M, L, P]`. Output:
 * the result `[B, Q, D]`. The gradient takes the output's gradient as fourth input and returns the gradients of the
 * three inputs.
 */
export interface DeformableAttentionAttributes {
  /**
   * Heights and widths of the `L` maps whose cells are the `S` rows of `value`, one map after the other, row by row.
   */
  readonly levelShapes: readonly ImageSize[];
}

/**
 * The same from the offsets and logits that a layer predicts, so that neither locations nor weights are stored. Inputs:
 * value `[B, S, D]`, offsets `[B, Q, M·L·P·2]`, logits `[B, Q, M·L·P]`, referencePoints `[B, Q, L, 2 or 4]`. Output:
 * the result `[B, Q, D]`. The gradient takes the output's gradient as fifth input and returns the gradients of the four
 * inputs.
 */
export interface DeformableSamplingAttributes extends DeformableAttentionAttributes {
  readonly heads: number;
  readonly points: number;
}
