import { type DropoutAttributes, fusedKernels, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient, defineKernel } from "./define-kernel.ts";

/** Dropout: `native/dropout.cc`. Inputs x and a seed; the gradient is dropped by the same seed. */
export function registerDropout(): void {
  defineKernel<DropoutAttributes>(fusedKernels.dropout, ({ inputs, attributes, backend, write }) =>
    backend.executeSingleOutput("DetrkitDropout", [write.float("rate", attributes.rate)], inputs),
  );
  defineGradient<DropoutAttributes>(fusedKernels.dropout, { inputs: [1] }, ([dy], [seed], attributes) => [
    () => runKernel(fusedKernels.dropout, [dy as Tensor, seed as Tensor], { ...attributes })[0] as Tensor,
  ]);
}
