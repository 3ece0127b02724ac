import { fusedKernels } from "@detrkit/nn";
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { defineKernel, requireShape } from "../define-kernel.ts";
import type { KernelModule } from "../kernel-module.ts";

/** Settings before those of each parameter. */
const numShared = 6;

/**
 * AdamW over many tensors: `kernels/adamw.ts`. Inputs settings, first and second moments, N parameters, N gradients;
 * all but the first and the last are written in place, unless the norm is not finite. Output the gradients' norm.
 */
export function registerAdamW(module: KernelModule): void {
  defineKernel<unknown>(fusedKernels.adamW, ({ inputs }) => {
    const [settings, first, second, ...tensors] = inputs as [TensorInfo, TensorInfo, TensorInfo, ...TensorInfo[]];
    const count = tensors.length / 2;
    const [parameters, gradients] = [tensors.slice(0, count), tensors.slice(count)];
    const total = parameters.reduce((sum, { shape }) => sum + util.sizeFromShape(shape), 0);
    requireShape("AdamW: settings", settings, [numShared + 3 * count]);
    parameters.forEach(({ shape }, index) => requireShape("AdamW: gradient", gradients[index], shape));
    requireShape("AdamW: first moments", first, [total]);
    requireShape("AdamW: second moments", second, [total]);
    const norm = module.output([]);
    const numbers = module.floats(settings);
    const length = Math.fround(
      Math.sqrt(
        gradients.reduce(
          (sum, gradient) => sum + module.run.sumOfSquares(module.at(gradient), util.sizeFromShape(gradient.shape)),
          0,
        ),
      ),
    );
    module.floats(norm)[0] = length;
    if (!Number.isFinite(length)) return norm;
    const [keep1, add1, keep2, add2, epsilon, clip] = numbers as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    // As torch.nn.utils.clip_grad_norm_ has it: never scaled up, and 1e-6 keeps the quotient finite.
    const factor = clip > 0 ? Math.min(1, clip / (length + 1e-6)) : 1;
    let start = 0;
    for (const [index, parameter] of parameters.entries()) {
      const size = util.sizeFromShape(parameter.shape);
      const own = numbers.subarray(numShared + 3 * index, numShared + 3 * (index + 1));
      const addresses = [
        module.at(gradients[index]),
        module.at(first) + 4 * start,
        module.at(second) + 4 * start,
        module.at(parameter),
      ];
      module.run.adamW(...addresses, size, factor, keep1, add1, keep2, add2, epsilon, ...own);
      start += size;
    }
    return norm;
  });
}
