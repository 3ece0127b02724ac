import { type FeedForwardAttributes, fusedKernels, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "./define-gradient.ts";

export function registerFeedForwardGradient(): void {
  defineGradient<FeedForwardAttributes>(fusedKernels.feedForward, {}, ([dy], saved, attributes) => {
    const gradients = runKernel(fusedKernels.feedForwardGradient, [dy as Tensor, ...saved], attributes);
    return gradients.map((gradient) => () => gradient);
  });
}
