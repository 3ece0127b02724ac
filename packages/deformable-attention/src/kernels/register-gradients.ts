import { runKernel } from "@detrkit/nn/kernels";
import { getGradient, registerGradient, type Tensor } from "@tensorflow/tfjs-core";
import {
  deformableAttentionGradientKernel,
  deformableAttentionKernel,
  deformableSamplingGradientKernel,
  deformableSamplingKernel,
} from "./names.ts";

/**
 * Registers the gradients of both kernels with tfjs, for every backend that has them: each is a kernel of the same
 * backend.
 */
export function registerGradients(): void {
  register(deformableAttentionKernel, deformableAttentionGradientKernel);
  register(deformableSamplingKernel, deformableSamplingGradientKernel);
}

function register(kernelName: string, gradientKernel: string): void {
  if (getGradient(kernelName) !== undefined) return;
  registerGradient({
    kernelName,
    saveAllInputs: true,
    gradFunc: (upstream, saved, attributes) => {
      // All at once: tfjs asks for each gradient in a scope of its own, and would free the others at the end of it.
      const gradients = runKernel(gradientKernel, [...saved, upstream as Tensor], attributes);
      return Object.fromEntries(gradients.map((gradient, index) => [String(index), () => gradient]));
    },
  });
}
