import { fusedKernels } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LinearGradientAttributes } from "../../gradients/linear.ts";
import { defineKernel, type NativeCall } from "./define-kernel.ts";
import { floats } from "./kernel-inputs.ts";

/**
 * Linear layers, bare and with ReLU behind them, which alone need their result for the gradient: `native/linear.cc`.
 */
export function registerLinear(): void {
  const signature = { inputs: floats("input", "weight", "bias"), optional: 1 };
  defineKernel<unknown>(fusedKernels.linear, signature, (call) => run(call, false));
  defineKernel<unknown>(fusedKernels.linearRelu, signature, (call) => run(call, true));
  const gradientSignature = { inputs: floats("dy", "input", "weight", "y"), optional: 1 };
  defineKernel<LinearGradientAttributes>(
    fusedKernels.linearGradient,
    gradientSignature,
    ({ inputs, attributes: { bias }, backend, write }) =>
      backend.executeMultipleOutputs(
        "DetrkitLinearGradient",
        [write.int("bias", bias ? 1 : 0), write.int("R", inputs.length - 3)],
        inputs,
        3,
      ),
  );
}

function run({ inputs, backend, write }: NativeCall<unknown>, relu: boolean): Tensor {
  return backend.executeSingleOutput(
    "DetrkitLinear",
    [write.int("relu", relu ? 1 : 0), write.int("R", inputs.length - 2)],
    inputs,
  );
}
