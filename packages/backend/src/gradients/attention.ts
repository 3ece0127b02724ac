import { type AttentionAttributes, fusedKernels, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "./define-gradient.ts";

export function registerAttentionGradient(): void {
  defineGradient<AttentionAttributes>(fusedKernels.attention, {}, ([dy], saved, attributes) => {
    const [dquery, dkey, dvalue] = runKernel(fusedKernels.attentionGradient, [...saved, dy as Tensor], {
      ...attributes,
    });
    return [() => dquery as Tensor, () => dkey as Tensor, () => dvalue as Tensor];
  });
}
