import { fusedKernels } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LinearGradientAttributes } from "../../gradients/linear.ts";
import { defineKernel, type NativeCall } from "./define-kernel.ts";

/** Linear layers, bare and with ReLU behind them, which alone need their result for the gradient: `native/linear.cc`. */
export function registerLinear(): void {
  defineKernel<unknown>(fusedKernels.linear, (call) => run(call, false));
  defineKernel<unknown>(fusedKernels.linearRelu, (call) => run(call, true));
  defineKernel<LinearGradientAttributes>(fusedKernels.linearGradient, ({ inputs, attributes: { bias }, backend, write }) =>
    backend.executeMultipleOutputs("DetrkitLinearGradient", [write.int("bias", bias ? 1 : 0), write.int("R", inputs.length - 3)], inputs, 3),
  );
}

function run({ inputs, backend, write }: NativeCall<unknown>, relu: boolean): Tensor {
  return backend.executeSingleOutput("DetrkitLinear", [write.int("relu", relu ? 1 : 0), write.int("R", inputs.length - 2)], inputs);
}
