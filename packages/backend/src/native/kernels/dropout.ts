import { type DropoutAttributes, fusedKernels } from "@detrkit/nn";
import { defineKernel } from "./define-kernel.ts";
import { floats, seedInput } from "./kernel-inputs.ts";

/** Dropout: `native/dropout.cc`. Inputs x and a seed; the gradient is dropped by the same seed. */
export function registerDropout(): void {
  defineKernel<DropoutAttributes>(
    fusedKernels.dropout,
    { inputs: [...floats("input"), seedInput] },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput("DetrkitDropout", [write.rate(attributes.rate)], inputs),
  );
}
