import { fusedKernels, type MultiHeadAttentionAttributes, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "./define-gradient.ts";

/** Weights and biases of the four projections. */
export const numParameters = 8;

export function registerMultiHeadAttentionGradient(): void {
  defineGradient<MultiHeadAttentionAttributes>(
    fusedKernels.multiHeadAttention,
    { outputs: [1] },
    ([dy], saved, attributes) => {
      const [inputs, kept] = [saved.slice(0, -1), saved.at(-1)];
      const [memory, ...rest] = runKernel(
        fusedKernels.multiHeadAttentionGradient,
        [dy as Tensor, kept as Tensor, ...inputs],
        attributes,
      );
      const [parameters, others] = [rest.slice(0, numParameters), rest.slice(numParameters)];
      const queries = attributes.queries ? others.splice(0, 1) : [];
      return [...others, memory as Tensor, ...queries, ...parameters].map((gradient) => () => gradient);
    },
  );
}
