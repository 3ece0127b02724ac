import { type DropoutAttributes, fusedKernels, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "./define-gradient.ts";

/** Of dropout: what comes in is dropped by the same seed. */
export function registerDropoutGradient(): void {
  defineGradient<DropoutAttributes>(fusedKernels.dropout, { inputs: [1] }, ([dy], [seed], attributes) => [
    () => runKernel(fusedKernels.dropout, [dy as Tensor, seed as Tensor], { ...attributes })[0] as Tensor,
  ]);
}
