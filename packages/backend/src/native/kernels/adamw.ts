import { fusedKernels } from "@detrkit/nn";
import { defineKernel } from "./define-kernel.ts";
import { floats, type KernelInput } from "./kernel-inputs.ts";

const [settings, first, second, parameter, gradient] = floats(
  "settings",
  "first moments",
  "second moments",
  "parameter",
  "gradient",
) as [KernelInput, KernelInput, KernelInput, KernelInput, KernelInput];

/**
 * AdamW over many tensors: `native/adamw.cc`. Inputs settings, first and second moments, N parameters, N gradients; all
 * but the first and the last are written in place. Output the gradients' norm.
 */
export function registerAdamW(): void {
  const inputs = (_: unknown, given: number): readonly KernelInput[] => {
    const count = Math.max(0, Math.floor((given - 3) / 2));
    const each = (input: KernelInput): KernelInput[] => Array.from({ length: count }, () => input);
    return [settings, first, second, ...each(parameter), ...each(gradient)];
  };
  defineKernel<unknown>(fusedKernels.adamW, { inputs }, ({ inputs, backend, write }) => {
    const count = (inputs.length - 3) / 2;
    return backend.executeSingleOutput("DetrkitAdamW", [write.int("N", count)], inputs);
  });
}
