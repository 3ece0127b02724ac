import { fusedKernels } from "@detrkit/nn";
import { getKernel } from "@tensorflow/tfjs-core";
import { registerKernelGradients } from "../gradients/register-gradients.ts";
import { saveByReference } from "../gradients/save-by-reference.ts";
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
import { registerGroupNorm, registerLayerNorm } from "./kernels/norms.ts";

/**
 * Registers what makes tfjs-node faster with any TensorFlow, and detrkit's kernels where the process has them, with
 * their gradients. For the native backend, which must be the running one.
 */
export function registerNativeKernels(backend: NodeBackend, hasKernels: boolean): { readonly oneDnn: boolean } {
  saveByReference(backend);
  // The kernels of native/ are written for the CPU; on a GPU the model parts compose TensorFlow's own ops.
  if (backend.binding.isUsingGpuDevice()) return { oneDnn: false };
  const oneDnn = oneDnnConvolutionRuns(backend, attributeWriter(backend.binding, fusedKernels.convolution));
  // tfjs complains about a second registration.
  if (getKernel(fusedKernels.convolution, nativeBackendName) !== undefined) return { oneDnn };
  registerKernelGradients();
  registerConvolution(oneDnn);
  registerReluGradient();
  if (hasKernels) registerOwnKernels();
  return { oneDnn };
}

function registerOwnKernels(): void {
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
}
