import { type FusedKernel, fusedKernels, runKernel } from "@detrkit/nn";
import { getGradient, registerGradient, type Tensor } from "@tensorflow/tfjs-core";

/**
 * Tells tfjs how both kernels are differentiated, on whichever backend has them: each by a kernel of that backend's.
 */
export function registerGradients(): void {
  register(fusedKernels.deformableAttention, fusedKernels.deformableAttentionGradient);
  register(fusedKernels.deformableSampling, fusedKernels.deformableSamplingGradient);
}

function register(kernelName: FusedKernel, gradientKernel: FusedKernel): void {
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
