import { type LayerNormAttributes, layerNormGradientKernel, layerNormKernel, runKernel } from "@detrkit/nn/kernels";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { defineGradient, present, value } from "../../gradients/define-gradient.ts";
import { defineNativeKernel } from "../../native/define-kernel.ts";
import { floats } from "../../native/kernel-inputs.ts";
import { defineWasmKernel, matrixShape, requireShape } from "../../wasm/define-kernel.ts";
import type { KernelModule } from "../../wasm/kernel-module.ts";
import type { OpKernels } from "../op-kernels.ts";

const bytesPerFloat = 4;
const signature = { inputs: floats("input", "weight", "bias", "residual"), optional: 1 };

function registerGradient(): void {
  defineGradient<LayerNormAttributes>(layerNormKernel, { outputs: [0, 1, 2] }, ([dy], saved) => {
    const outputs = saved.length - 3;
    const [input, weight, , residual] = saved.slice(0, outputs);
    const [, mean, scale] = saved.slice(outputs);
    const [dx, dweight, dbias] = runKernel(
      layerNormGradientKernel,
      present(dy, input, weight, mean, scale, residual),
      {},
    );
    // The sum of input and residual has one gradient; each of them gets its own handle, which may be disposed
    // separately.
    return [value(dx), value(dweight), value(dbias), ...(residual === undefined ? [] : [() => value(dx)().clone()])];
  });
}

/** Layer norm: `layer_norm.cc`. */
function registerNative(): void {
  defineNativeKernel<LayerNormAttributes>(layerNormKernel, signature, ({ inputs, attributes, backend, write }) =>
    backend.executeMultipleOutputs(
      "DetrkitLayerNorm",
      [write.float("epsilon", attributes.epsilon), write.int("R", inputs.length - 3)],
      inputs,
      3,
    ),
  );
  const gradientSignature = { inputs: floats("dy", "input", "weight", "mean", "scale", "residual"), optional: 1 };
  defineNativeKernel<unknown>(layerNormGradientKernel, gradientSignature, ({ inputs, backend, write }) =>
    backend.executeMultipleOutputs("DetrkitLayerNormGradient", [write.int("R", inputs.length - 5)], inputs, 3),
  );
}

/** Layer norm: `layer-norm.as.ts`. Inputs input, weight, bias, residual or none. */
function registerWasm(module: KernelModule): void {
  defineWasmKernel<LayerNormAttributes>(layerNormKernel, ({ inputs, attributes: { epsilon } }) => {
    const [x, weight, bias, residual] = inputs as [TensorInfo, TensorInfo, TensorInfo, TensorInfo | undefined];
    const { rows, columns } = matrixShape(x);
    requireShape("layer norm: weight", weight, [columns]);
    requireShape("layer norm: bias", bias, [columns]);
    requireShape("layer norm: residual", residual, x.shape);
    const outputs = [module.output(x.shape), module.output([rows]), module.output([rows])];
    const addresses = [x, residual, weight, bias, ...outputs].map((tensor) => module.at(tensor));
    module.run.layerNorm(...addresses, columns, epsilon, 0, rows);
    return outputs;
  });
  // Inputs dy, x, weight, mean, 1/deviation, residual or none.
  defineWasmKernel<unknown>(layerNormGradientKernel, ({ inputs }) => {
    const [dy, x, weight, mean, scale, residual] = inputs as [
      TensorInfo,
      TensorInfo,
      TensorInfo,
      TensorInfo,
      TensorInfo,
      TensorInfo | undefined,
    ];
    const { rows, columns } = matrixShape(x);
    requireShape("layer norm: dy", dy, x.shape);
    requireShape("layer norm: weight", weight, [columns]);
    requireShape("layer norm: mean", mean, [rows]);
    requireShape("layer norm: scale", scale, [rows]);
    requireShape("layer norm: residual", residual, x.shape);
    const outputs = [module.output(x.shape), module.output([columns]), module.output([columns])];
    const { free } = module.scratch(columns * bytesPerFloat);
    module.run.layerNormGradient(
      ...[dy, x, residual, weight, mean, scale, ...outputs].map((tensor) => module.at(tensor)),
      columns,
      0,
      rows,
      free,
    );
    return outputs;
  });
}

/** Layer norm, with the residual sum before it. */
export const layerNormKernels: OpKernels = {
  registerGradient,
  recordsFirstOutput: [layerNormKernel],
  registerNative,
  registerWasm,
};
