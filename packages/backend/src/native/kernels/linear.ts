import { fusedKernels, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient, defineKernel, type NativeCall } from "./define-kernel.ts";

interface GradientAttributes {
  /** Whether the bias's gradient is wanted too. */
  readonly bias: boolean;
}

/** Linear layers, bare and with ReLU behind them, which alone need their result for the gradient: `native/linear.cc`. */
export function registerLinear(): void {
  defineKernel<unknown>(fusedKernels.linear, (call) => run(call, false));
  defineKernel<unknown>(fusedKernels.linearRelu, (call) => run(call, true));
  defineKernel<GradientAttributes>(fusedKernels.linearGradient, ({ inputs, attributes: { bias }, backend, write }) =>
    backend.executeMultipleOutputs("DetrkitLinearGradient", [write.int("bias", bias ? 1 : 0), write.int("R", inputs.length - 3)], inputs, 3),
  );
  defineGradient<unknown>(fusedKernels.linear, {}, ([dy], [input, weight, bias]) => gradients([dy, input, weight] as Tensor[], bias !== undefined));
  defineGradient<unknown>(fusedKernels.linearRelu, { outputs: [0] }, ([dy], saved) =>
    gradients([dy, saved[0], saved[1], saved.at(-1)] as Tensor[], saved.length === 4),
  );
}

function run({ inputs, backend, write }: NativeCall<unknown>, relu: boolean): Tensor {
  return backend.executeSingleOutput("DetrkitLinear", [write.int("relu", relu ? 1 : 0), write.int("R", inputs.length - 2)], inputs);
}

function gradients(operands: readonly Tensor[], bias: boolean): (() => Tensor)[] {
  const [dx, dweight, dbias] = runKernel(fusedKernels.linearGradient, operands, { bias });
  return [() => dx as Tensor, () => dweight as Tensor, ...(bias ? [() => dbias as Tensor] : [])];
}
