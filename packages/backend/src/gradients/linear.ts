import { fusedKernels, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "./define-gradient.ts";

export interface LinearGradientAttributes {
  /** Whether the bias's gradient is wanted too. */
  readonly bias: boolean;
}

/** Of linear layers, bare and with ReLU behind them, which alone need their result for the gradient. */
export function registerLinearGradients(): void {
  defineGradient<unknown>(fusedKernels.linear, {}, ([dy], [input, weight, bias]) =>
    gradients([dy, input, weight] as Tensor[], bias !== undefined),
  );
  defineGradient<unknown>(fusedKernels.linearRelu, { outputs: [0] }, ([dy], saved) =>
    gradients([dy, saved[0], saved[1], saved.at(-1)] as Tensor[], saved.length === 4),
  );
}

function gradients(operands: readonly Tensor[], bias: boolean): (() => Tensor)[] {
  const [dx, dweight, dbias] = runKernel(fusedKernels.linearGradient, operands, { bias });
  return [() => dx as Tensor, () => dweight as Tensor, ...(bias ? [() => dbias as Tensor] : [])];
}
