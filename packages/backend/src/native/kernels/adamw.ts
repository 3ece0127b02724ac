import { fusedKernels } from "@detrkit/nn";
import { defineKernel } from "./define-kernel.ts";

/** AdamW over many tensors: `native/adamw.cc`. Inputs settings, first and second moments, N parameters, N gradients. */
export function registerAdamW(): void {
  defineKernel<unknown>(fusedKernels.adamW, ({ inputs, backend, write }) => {
    const count = (inputs.length - 3) / 2;
    return backend.executeMultipleOutputs("DetrkitAdamW", [write.int("N", count)], inputs, count + 1);
  });
}
