import { fusedKernels, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient, defineKernel, type NativeCall } from "./define-kernel.ts";
import { floats } from "./kernel-inputs.ts";

interface GradientAttributes {
  /** Whether the bias's gradient is wanted too. */
  readonly bias: boolean;
}

/** Linear layers, bare and with ReLU behind them, which alone need their result for the gradient: `native/linear.cc`. */
export function registerLinear(): void {
  const signature = { inputs: floats("input", "weight", "bias"), optional: 1 };
  defineKernel<unknown>(fusedKernels.linear, signature, (call) => run(call, false));
  defineKernel<unknown>(fusedKernels.linearRelu, signature, (call) => run(call, true));
  const gradientSignature = { inputs: floats("dy", "input", "weight", "y"), optional: 1 };
  defineKernel<GradientAttributes>(
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
  defineGradient<unknown>(fusedKernels.linear, {}, ([dy], [input, weight, bias]) =>
    gradients([dy, input, weight] as Tensor[], bias !== undefined),
  );
  defineGradient<unknown>(fusedKernels.linearRelu, { outputs: [0] }, ([dy], saved) =>
    gradients([dy, saved[0], saved[1], saved.at(-1)] as Tensor[], saved.length === 4),
  );
}

function run({ inputs, backend, write }: NativeCall<unknown>, relu: boolean): Tensor {
  return backend.executeSingleOutput(
    "DetrkitLinear",
    [write.int("relu", relu ? 1 : 0), write.int("R", inputs.length - 2)],
    inputs,
  );
}

function gradients(operands: readonly Tensor[], bias: boolean): (() => Tensor)[] {
  const [dx, dweight, dbias] = runKernel(fusedKernels.linearGradient, operands, { bias });
  return [() => dx as Tensor, () => dweight as Tensor, ...(bias ? [() => dbias as Tensor] : [])];
}
