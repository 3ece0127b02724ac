import { fusedKernels, type MaxPoolAttributes, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "./define-gradient.ts";

export function registerMaxPoolGradient(): void {
  defineGradient<MaxPoolAttributes>(fusedKernels.maxPool, { outputs: [0] }, ([dy], [input, output], attributes) => [
    () => runKernel(fusedKernels.maxPoolGradient, [dy, input, output] as Tensor[], attributes)[0] as Tensor,
  ]);
}
