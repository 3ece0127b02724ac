import { fusedKernels } from "@detrkit/nn";
import { defineKernel } from "./define-kernel.ts";

/**
 * AdamW over many tensors: `native/adamw.cc`. Inputs settings, first and second moments, N parameters, N gradients; all but the
 * first and the last are written in place. Output the gradients' norm.
 */
export function registerAdamW(): void {
  defineKernel<unknown>(fusedKernels.adamW, ({ inputs, backend, write }) => {
    const count = (inputs.length - 3) / 2;
    return backend.executeSingleOutput("DetrkitAdamW", [write.int("N", count)], inputs);
  });
}
