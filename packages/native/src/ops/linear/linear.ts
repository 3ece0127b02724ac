import { ShapeError } from "@detrkit/common";
import { linearGradientKernel, linearKernel, linearReluKernel, runKernel } from "@detrkit/nn/kernels";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { defineGradient } from "../../gradients/define-gradient.ts";
import { defineNativeKernel, type NativeCall } from "../../native/define-kernel.ts";
import { floats } from "../../native/kernel-inputs.ts";
import { defineWasmKernel, matrixShape, requireShape } from "../../wasm/define-kernel.ts";
import type { KernelModule } from "../../wasm/kernel-module.ts";
import type { OpKernels } from "../op-kernels.ts";

interface LinearGradientAttributes {
  /** Whether the bias's gradient is wanted too. */
  readonly bias: boolean;
}

/** Registers the gradients of linear layers without and with ReLU; only those with ReLU need their result for it. */
function registerGradient(): void {
  defineGradient<unknown>(linearKernel, {}, ([dy], [input, weight, bias]) =>
    gradients([dy, input, weight] as Tensor[], bias !== undefined),
  );
  defineGradient<unknown>(linearReluKernel, { outputs: [0] }, ([dy], saved) =>
    gradients([dy, saved[0], saved[1], saved.at(-1)] as Tensor[], saved.length === 4),
  );
}

function gradients(operands: readonly Tensor[], bias: boolean): (() => Tensor)[] {
  const [dx, dweight, dbias] = runKernel(linearGradientKernel, operands, { bias });
  return [() => dx as Tensor, () => dweight as Tensor, ...(bias ? [() => dbias as Tensor] : [])];
}

/** Linear layers without and with ReLU; only those with ReLU need their result for the gradient: `linear.cc`. */
function registerNative(): void {
  const signature = { inputs: floats("input", "weight", "bias"), optional: 1 };
  defineNativeKernel<unknown>(linearKernel, signature, (call) => run(call, false));
  defineNativeKernel<unknown>(linearReluKernel, signature, (call) => run(call, true));
  const gradientSignature = { inputs: floats("dy", "input", "weight", "y"), optional: 1 };
  defineNativeKernel<LinearGradientAttributes>(
    linearGradientKernel,
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

/** Linear layers without and with ReLU: `linear.as.ts`. */
function registerWasm(module: KernelModule): void {
  defineWasmKernel<unknown>(linearKernel, ({ inputs }) => forward(module, inputs, false));
  defineWasmKernel<unknown>(linearReluKernel, ({ inputs }) => forward(module, inputs, true));
  // Inputs: dy, x, weight, and with ReLU y.
  defineWasmKernel<LinearGradientAttributes>(linearGradientKernel, ({ inputs, attributes: { bias } }) => {
    const [dy, x, weight, y] = inputs as [TensorInfo, TensorInfo, TensorInfo, TensorInfo | undefined];
    const { rows, I, O, shape } = layerShape(x, weight);
    requireShape("linear: dy", dy, shape);
    requireShape("linear: y", y, shape);
    const [dx, dweight, dbias] = [module.output(x.shape), module.output(weight.shape), module.output([bias ? O : 0])];
    const masked = y === undefined ? 0 : 4 * rows * O;
    const { free } = module.scratch(module.run.productScratch() + masked);
    const upstream = y === undefined ? module.at(dy) : free + module.run.productScratch();
    if (y !== undefined) module.run.reluGradient(module.at(dy), module.at(y), upstream, rows * O);
    module.run.linearInputGradient(upstream, module.at(weight), module.at(dx), I, O, 0, rows, free);
    module.run.linearWeightGradient(module.at(x), upstream, module.at(dweight), rows, I, O, 0, I, free);
    if (bias) module.run.sumRows(upstream, rows, O, module.at(dbias));
    return [dx, dweight, dbias];
  });
}

function forward(module: KernelModule, inputs: readonly TensorInfo[], relu: boolean): TensorInfo {
  const [x, weight, bias] = inputs as [TensorInfo, TensorInfo, TensorInfo | undefined];
  const { rows, I, O, shape } = layerShape(x, weight);
  requireShape("linear: bias", bias, [O]);
  const y = module.output(shape);
  const { free } = module.scratch(module.run.productScratch());
  module.run.linear(module.at(x), module.at(weight), module.at(bias), module.at(y), I, O, Number(relu), 0, rows, free);
  return y;
}

function layerShape(
  x: TensorInfo,
  weight: TensorInfo,
): { readonly rows: number; readonly I: number; readonly O: number; readonly shape: readonly number[] } {
  if (weight.shape.length !== 2)
    throw new ShapeError(`linear: weight expected [I, O], got [${weight.shape.join(", ")}]`);
  const [I, O] = weight.shape as [number, number];
  const { rows, columns } = matrixShape(x);
  if (columns !== I) throw new ShapeError(`linear: input expected [..., ${I}], got [${x.shape.join(", ")}]`);
  return { rows, I, O, shape: [...x.shape.slice(0, -1), O] };
}

/** Linear layers without and with ReLU. */
export const linearKernels: OpKernels = { registerGradient, registerNative, registerWasm };
