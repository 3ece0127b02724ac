import { ConfigError, ShapeError } from "@detrkit/common";
import { type AttentionAttributes, fusedKernels } from "@detrkit/nn";
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { defineKernel, requireShape } from "../define-kernel.ts";
import type { KernelModule } from "../kernel-module.ts";

/**
 * Multi-head attention: `kernels/attention.ts`. Inputs query, key, value, padding (empty where there is none), seed.
 */
export function registerAttention(module: KernelModule): void {
  defineKernel<AttentionAttributes>(fusedKernels.attention, ({ inputs, attributes }) => {
    const { addresses, sizes, tasks, free } = prepare(module, inputs, attributes);
    const result = module.output((inputs[0] as TensorInfo).shape);
    module.run.attention(...addresses, module.at(result), ...sizes, 0, tasks, free);
    return result;
  });
  // One more input: the result's gradient.
  defineKernel<AttentionAttributes>(fusedKernels.attentionGradient, ({ inputs, attributes }) => {
    const { addresses, sizes, tasks, free } = prepare(module, inputs, attributes);
    requireShape("attention: dresult", inputs[5], (inputs[0] as TensorInfo).shape);
    const outputs = inputs.slice(0, 3).map(({ shape }) => module.output(shape));
    module.run.attentionGradient(
      ...addresses,
      ...[inputs[5], ...outputs].map((tensor) => module.at(tensor)),
      ...sizes,
      0,
      tasks,
      free,
    );
    return outputs;
  });
}

function prepare(module: KernelModule, inputs: readonly TensorInfo[], { heads, rate }: AttentionAttributes) {
  const [query, key, value, padding, seed] = inputs as [TensorInfo, TensorInfo, TensorInfo, TensorInfo, TensorInfo];
  const [images, queries, width] = query.shape as [number, number, number];
  if (query.shape.length !== 3)
    throw new ShapeError(`attention: queries expected [B, Q, D], got [${query.shape.join(", ")}]`);
  if (!(heads >= 1) || width % heads !== 0)
    throw new ConfigError(`attention: ${heads} heads do not divide a width of ${width}`);
  const keys = key.shape[1] ?? 0;
  if (!util.arraysEqual(key.shape, [images, keys, width]))
    throw new ShapeError(`attention: keys expected [${images}, S, ${width}], got [${key.shape.join(", ")}]`);
  requireShape("attention: value", value, key.shape);
  if (!padding.shape.includes(0)) requireShape("attention: padding", padding, [images, keys]);
  const { free } = module.scratch(module.run.attentionScratch(keys));
  const addresses = [query, key, value, padding.shape.includes(0) ? undefined : padding].map((tensor) =>
    module.at(tensor),
  );
  return { addresses, sizes: [queries, keys, width, heads, rate, module.integer(seed)], tasks: images * heads, free };
}
