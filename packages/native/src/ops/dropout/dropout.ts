import { type DropoutAttributes, dropoutKernel, runKernel } from "@detrkit/nn/kernels";
import { type Tensor, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { defineGradient } from "../../gradients/define-gradient.ts";
import { defineNativeKernel } from "../../native/define-kernel.ts";
import { floats, seedInput } from "../../native/kernel-inputs.ts";
import { defineWasmKernel } from "../../wasm/define-kernel.ts";
import type { KernelModule } from "../../wasm/kernel-module.ts";
import type { OpKernels } from "../op-kernels.ts";

/** Registers the gradient of dropout: dropout of the upstream gradient with the same seed. */
function registerGradient(): void {
  defineGradient<DropoutAttributes>(dropoutKernel, { inputs: [1] }, ([dy], [seed], attributes) => [
    () => runKernel(dropoutKernel, [dy as Tensor, seed as Tensor], { ...attributes })[0] as Tensor,
  ]);
}

/** Dropout: `dropout.cc`. Inputs x and a seed; the gradient uses the same seed. */
function registerNative(): void {
  defineNativeKernel<DropoutAttributes>(
    dropoutKernel,
    { inputs: [...floats("input"), seedInput] },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput("DetrkitDropout", [write.rate(attributes.rate)], inputs),
  );
}

/** Dropout: `dropout.as.ts`. Inputs x and a seed. */
function registerWasm(module: KernelModule): void {
  defineWasmKernel<DropoutAttributes>(dropoutKernel, ({ inputs, attributes: { rate } }) => {
    const [x, seed] = inputs as [TensorInfo, TensorInfo];
    const y = module.output(x.shape);
    module.run.dropout(module.at(x), module.at(y), 0, util.sizeFromShape(x.shape), rate, module.integer(seed));
    return y;
  });
}

/** Dropout. */
export const dropoutKernels: OpKernels = { registerGradient, registerNative, registerWasm };
