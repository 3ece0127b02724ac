import { ShapeError } from "@detrkit/common";
import { fusedKernels } from "@detrkit/nn";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { LinearGradientAttributes } from "../../gradients/linear.ts";
import { defineKernel, matrixShape, requireShape } from "../define-kernel.ts";
import type { KernelModule } from "../kernel-module.ts";

/** Linear layers, bare and with ReLU behind them: `kernels/linear.ts`. */
export function registerLinear(module: KernelModule): void {
  defineKernel<unknown>(fusedKernels.linear, ({ inputs }) => linear(module, inputs, false));
  defineKernel<unknown>(fusedKernels.linearRelu, ({ inputs }) => linear(module, inputs, true));
  // Inputs: dy, x, weight, and with ReLU y.
  defineKernel<LinearGradientAttributes>(fusedKernels.linearGradient, ({ inputs, attributes: { bias } }) => {
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

function linear(module: KernelModule, inputs: readonly TensorInfo[], relu: boolean): TensorInfo {
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
