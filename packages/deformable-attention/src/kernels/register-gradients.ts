import { runKernel } from "@detrkit/nn/kernels";
import { getGradient, registerGradient, type Tensor } from "@tensorflow/tfjs-core";
import {
  deformableAttentionGradientKernel,
  deformableAttentionKernel,
  deformableSamplingGradientKernel,
  deformableSamplingKernel,
} from "./names.ts";

/**
 * Tells tfjs how both kernels are differentiated, on whichever backend has them: each by a kernel of that backend's.
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
      // All at once and here: tfjs asks for each in a scope of its own, at whose end it would free those of the others.
      const gradients = runKernel(gradientKernel, [...saved, upstream as Tensor], attributes);
      return Object.fromEntries(gradients.map((gradient, index) => [String(index), () => gradient]));
    },
  });
}
