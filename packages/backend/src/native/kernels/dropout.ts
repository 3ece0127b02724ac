import { type DropoutAttributes, fusedKernels, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient, defineKernel } from "./define-kernel.ts";
import { floats, seedInput } from "./kernel-inputs.ts";

/** Dropout: `native/dropout.cc`. Inputs x and a seed; the gradient is dropped by the same seed. */
export function registerDropout(): void {
  defineKernel<DropoutAttributes>(
    fusedKernels.dropout,
    { inputs: [...floats("input"), seedInput] },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput("DetrkitDropout", [write.rate(attributes.rate)], inputs),
  );
  defineGradient<DropoutAttributes>(fusedKernels.dropout, { inputs: [1] }, ([dy], [seed], attributes) => [
    () => runKernel(fusedKernels.dropout, [dy as Tensor, seed as Tensor], { ...attributes })[0] as Tensor,
  ]);
}
