import { fusedKernels } from "@detrkit/nn";
import { getGradient } from "@tensorflow/tfjs-core";
import { registerAttentionGradient } from "./attention.ts";
import { registerConvolutionGradient } from "./convolution.ts";
import { registerDropoutGradient } from "./dropout.ts";
import { registerFeedForwardGradient } from "./feed-forward.ts";
import { registerLeanGradients } from "./lean-gradients.ts";
import { registerLinearGradients } from "./linear.ts";
import { registerMaxPoolGradient } from "./max-pool.ts";
import { registerMultiHeadAttentionGradient } from "./multi-head-attention.ts";
import { registerGroupNormGradient, registerLayerNormGradient } from "./norms.ts";
import { recordFirstOutputs } from "./record-first-outputs.ts";

/**
 * Tells tfjs how detrkit's kernels are differentiated, on whichever backend has them: each by another kernel of that
 * backend. Done once, however many backends are started.
 */
export function registerKernelGradients(): void {
  if (getGradient(fusedKernels.linear) !== undefined) return;
  registerLeanGradients();
  recordFirstOutputs([fusedKernels.layerNorm, fusedKernels.groupNorm, fusedKernels.multiHeadAttention]);
  registerConvolutionGradient();
  registerLayerNormGradient();
  registerGroupNormGradient();
  registerMaxPoolGradient();
  registerLinearGradients();
  registerFeedForwardGradient();
  registerAttentionGradient();
  registerMultiHeadAttentionGradient();
  registerDropoutGradient();
}
