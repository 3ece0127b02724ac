import { type DropoutAttributes, fusedKernels } from "@detrkit/nn";
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { defineKernel } from "../define-kernel.ts";
import type { KernelModule } from "../kernel-module.ts";

/** Dropout: `kernels/dropout.ts`. Inputs x and a seed. */
export function registerDropout(module: KernelModule): void {
  defineKernel<DropoutAttributes>(fusedKernels.dropout, ({ inputs, attributes: { rate } }) => {
    const [x, seed] = inputs as [TensorInfo, TensorInfo];
    const y = module.output(x.shape);
    module.run.dropout(module.at(x), module.at(y), 0, util.sizeFromShape(x.shape), rate, module.integer(seed));
    return y;
  });
}
