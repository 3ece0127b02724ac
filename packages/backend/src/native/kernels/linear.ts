import { fusedKernels, type LinearAttributes, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient, defineKernel } from "./define-kernel.ts";

interface GradientAttributes {
  readonly bias: boolean;
}

/** Linear layer: `native/linear.cc`. */
export function registerLinear(): void {
  defineKernel<LinearAttributes>(fusedKernels.linear, ({ inputs, attributes, backend, write }) =>
    backend.executeSingleOutput("DetrkitLinear", [write.int("relu", attributes.relu ? 1 : 0), write.int("R", inputs.length - 2)], inputs),
  );
  defineKernel<GradientAttributes>(fusedKernels.linearGradient, ({ inputs, attributes, backend, write }) =>
    backend.executeMultipleOutputs("DetrkitLinearGradient", [write.int("bias", attributes.bias ? 1 : 0), write.int("R", inputs.length - 3)], inputs, 3),
  );
  defineGradient<LinearAttributes>(fusedKernels.linear, 1, ([dy], saved, { relu }) => {
    const [input, weight] = saved;
    const output = saved.at(-1);
    const bias = saved.length === 4;
    const operands = [dy, input, weight, ...(relu ? [output] : [])] as Tensor[];
    const [dx, dweight, dbias] = runKernel(fusedKernels.linearGradient, operands, { bias });
    return [() => dx as Tensor, () => dweight as Tensor, ...(bias ? [() => dbias as Tensor] : [])];
  });
}
