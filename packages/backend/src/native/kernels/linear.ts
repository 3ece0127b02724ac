import { fusedKernels, type LinearReluAttributes, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient, defineKernel, type NativeCall } from "./define-kernel.ts";

interface GradientAttributes {
  /** Whether the bias's gradient is wanted too. */
  readonly bias: boolean;
  /** Share of the result that was dropped. */
  readonly rate: number;
}

/** Linear layers, bare and with ReLU and dropout behind them: `native/linear.cc`. */
export function registerLinear(): void {
  defineKernel<unknown>(fusedKernels.linear, (call) => run(call, false, 0));
  defineKernel<LinearReluAttributes>(fusedKernels.linearRelu, (call) => run(call, true, call.attributes.rate));
  defineKernel<GradientAttributes>(fusedKernels.linearGradient, ({ inputs, attributes: { bias, rate }, backend, write }) =>
    backend.executeMultipleOutputs(
      "DetrkitLinearGradient",
      [write.int("bias", bias ? 1 : 0), write.float("rate", rate), write.int("R", inputs.length - 3)],
      inputs,
      3,
    ),
  );
  defineGradient<unknown>(fusedKernels.linear, {}, ([dy], [input, weight, bias]) => gradients([dy, input, weight] as Tensor[], bias !== undefined, 0));
  defineGradient<LinearReluAttributes>(fusedKernels.linearRelu, { outputs: 1 }, ([dy], saved, { rate }) => {
    const [input, weight] = saved;
    const numInputs = saved.length - 1 - (rate > 0 ? 1 : 0);
    return gradients([dy, input, weight, saved.at(-1)] as Tensor[], numInputs === 3, rate);
  });
}

function run({ inputs, backend, write }: NativeCall<unknown>, relu: boolean, rate: number): Tensor {
  const seeds = rate > 0 ? 1 : 0;
  const attributes = [write.int("relu", relu ? 1 : 0), write.float("rate", rate), write.int("R", inputs.length - 2 - seeds), write.int("S", seeds)];
  return backend.executeSingleOutput("DetrkitLinear", attributes, inputs);
}

function gradients(operands: readonly Tensor[], bias: boolean, rate: number): (() => Tensor)[] {
  const [dx, dweight, dbias] = runKernel(fusedKernels.linearGradient, operands, { bias, rate });
  return [() => dx as Tensor, () => dweight as Tensor, ...(bias ? [() => dbias as Tensor] : [])];
}
