import { adamWKernel } from "@detrkit/optim/kernels";
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { defineNativeKernel } from "../../native/define-kernel.ts";
import { floats, type KernelInput } from "../../native/kernel-inputs.ts";
import { defineWasmKernel, requireShape } from "../../wasm/define-kernel.ts";
import type { KernelModule } from "../../wasm/kernel-module.ts";
import type { OpKernels } from "../op-kernels.ts";

const [settings, first, second, parameter, gradient] = floats(
  "settings",
  "first moments",
  "second moments",
  "parameter",
  "gradient",
) as [KernelInput, KernelInput, KernelInput, KernelInput, KernelInput];

/**
 * AdamW over many tensors: `adamw.cc`. Inputs settings, first and second moments, N parameters, N gradients; all
 * but the first and the last are written in place. Output the gradients' norm.
 */
function registerNative(): void {
  const inputs = (_: unknown, given: number): readonly KernelInput[] => {
    const count = Math.max(0, Math.floor((given - 3) / 2));
    const each = (input: KernelInput): KernelInput[] => Array.from({ length: count }, () => input);
    return [settings, first, second, ...each(parameter), ...each(gradient)];
  };
  defineNativeKernel<unknown>(adamWKernel, { inputs }, ({ inputs, backend, write }) => {
    const count = (inputs.length - 3) / 2;
    return backend.executeSingleOutput("DetrkitAdamW", [write.int("N", count)], inputs);
  });
}

/** Settings before those of each parameter. */
const numShared = 6;

/**
 * AdamW over many tensors: `adamw.as.ts`. Inputs settings, first and second moments, N parameters, N gradients;
 * all but the first and the last are written in place, unless the norm is not finite. Output the gradients' norm.
 */
function registerWasm(module: KernelModule): void {
  defineWasmKernel<unknown>(adamWKernel, ({ inputs }) => {
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
    // As in torch.nn.utils.clip_grad_norm_: gradients are never scaled up, and 1e-6 keeps the quotient finite.
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

/** AdamW over many tensors. */
export const adamWKernels: OpKernels = { registerNative, registerWasm };
