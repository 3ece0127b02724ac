import { fusedKernels } from "@detrkit/nn";
import { getKernel } from "@tensorflow/tfjs-core";
import type { NodeBackend } from "./tfjs-node.ts";
import { registerAdamW } from "./kernels/adamw.ts";
import { registerAttention } from "./kernels/attention.ts";
import { attributeWriter } from "./kernels/attributes.ts";
import { oneDnnConvolutionRuns, registerConvolution, registerReluGradient } from "./kernels/convolution.ts";
import { nativeBackendName } from "./kernels/define-kernel.ts";
import { registerDeformableAttention } from "./kernels/deformable-attention.ts";
import { registerDropout } from "./kernels/dropout.ts";
import { registerFeedForward } from "./kernels/feed-forward.ts";
import { registerLinear } from "./kernels/linear.ts";
import { registerMaxPool } from "./kernels/max-pool.ts";
import { registerMultiHeadAttention } from "./kernels/multi-head-attention.ts";
import { registerLeanGradients } from "./lean-gradients.ts";
import { recordFirstOutputs } from "./record-first-outputs.ts";
import { saveByReference } from "./save-by-reference.ts";
import { registerGroupNorm, registerLayerNorm } from "./kernels/norms.ts";

/** Registers detrkit's kernels and their gradients for the native backend, which must be the running one. */
export function registerNativeKernels(backend: NodeBackend): { readonly oneDnn: boolean } {
  saveByReference(backend);
  // The kernels of native/ are written for the CPU; on a GPU the model parts compose TensorFlow's own ops.
  if (backend.binding.isUsingGpuDevice()) return { oneDnn: false };
  const oneDnn = oneDnnConvolutionRuns(backend, attributeWriter(backend.binding, fusedKernels.convolution));
  // tfjs complains about a second registration.
  if (getKernel(fusedKernels.linear, nativeBackendName) !== undefined) return { oneDnn };
  registerLeanGradients();
  recordFirstOutputs([fusedKernels.layerNorm, fusedKernels.groupNorm, fusedKernels.multiHeadAttention]);
  registerConvolution(oneDnn);
  registerReluGradient();
  registerLayerNorm();
  registerGroupNorm();
  registerMaxPool();
  registerLinear();
  registerFeedForward();
  registerAttention();
  registerMultiHeadAttention();
  registerDeformableAttention();
  registerDropout();
  registerAdamW();
  return { oneDnn };
}
