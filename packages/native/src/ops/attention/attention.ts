import { ConfigError, ShapeError } from "@detrkit/common";
import { type AttentionAttributes, attentionGradientKernel, attentionKernel, runKernel } from "@detrkit/nn/kernels";
import type { OpAttribute } from "@detrkit/nn/tfjs-internals";
import { type Tensor, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { defineGradient } from "../../gradients/define-gradient.ts";
import type { AttributeWriter } from "../../native/attributes.ts";
import { defineNativeKernel } from "../../native/define-kernel.ts";
import { floats, type KernelInput, seedInput } from "../../native/kernel-inputs.ts";
import { defineWasmKernel, requireShape } from "../../wasm/define-kernel.ts";
import type { KernelModule } from "../../wasm/kernel-module.ts";
import type { OpKernels } from "../op-kernels.ts";

const operands: readonly KernelInput[] = [
  ...floats("query", "key", "value"),
  { name: "keyPaddingMask", dtype: "bool" },
  seedInput,
];

function registerGradient(): void {
  defineGradient<AttentionAttributes>(attentionKernel, {}, ([dy], saved, attributes) => {
    const [dquery, dkey, dvalue] = runKernel(attentionGradientKernel, [...saved, dy as Tensor], {
      ...attributes,
    });
    return [() => dquery as Tensor, () => dkey as Tensor, () => dvalue as Tensor];
  });
}

/** Multi-head attention: `attention.cc`. Inputs query, key, value, key padding mask, seed. */
function registerNative(): void {
  defineNativeKernel<AttentionAttributes>(
    attentionKernel,
    { inputs: operands },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput("DetrkitAttention", opAttributes(attributes, write), inputs),
  );
  defineNativeKernel<AttentionAttributes>(
    attentionGradientKernel,
    { inputs: [...operands, ...floats("dresult")] },
    ({ inputs, attributes, backend, write }) =>
      backend.executeMultipleOutputs("DetrkitAttentionGradient", opAttributes(attributes, write), inputs, 3),
  );
}

function opAttributes({ heads, rate }: AttentionAttributes, write: AttributeWriter): OpAttribute[] {
  return [write.int("heads", heads), write.rate(rate)];
}

/**
 * Multi-head attention: `attention.as.ts`. Inputs query, key, value, key padding mask (empty if there is none), seed.
 */
function registerWasm(module: KernelModule): void {
  defineWasmKernel<AttentionAttributes>(attentionKernel, ({ inputs, attributes }) => {
    const { addresses, sizes, tasks, free } = prepare(module, inputs, attributes);
    const result = module.output((inputs[0] as TensorInfo).shape);
    module.run.attention(...addresses, module.at(result), ...sizes, 0, tasks, free);
    return result;
  });
  // One more input: the result's gradient.
  defineWasmKernel<AttentionAttributes>(attentionGradientKernel, ({ inputs, attributes }) => {
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
  const [query, key, value, keyPaddingMask, seed] = inputs as [
    TensorInfo,
    TensorInfo,
    TensorInfo,
    TensorInfo,
    TensorInfo,
  ];
  const [images, queries, width] = query.shape as [number, number, number];
  if (query.shape.length !== 3)
    throw new ShapeError(`attention: queries expected [B, Q, D], got [${query.shape.join(", ")}]`);
  if (!(heads >= 1) || width % heads !== 0)
    throw new ConfigError(`attention: ${heads} heads do not divide a width of ${width}`);
  const keys = key.shape[1] ?? 0;
  if (!util.arraysEqual(key.shape, [images, keys, width]))
    throw new ShapeError(`attention: keys expected [${images}, S, ${width}], got [${key.shape.join(", ")}]`);
  requireShape("attention: value", value, key.shape);
  if (!keyPaddingMask.shape.includes(0)) requireShape("attention: keyPaddingMask", keyPaddingMask, [images, keys]);
  const { free } = module.scratch(module.run.attentionScratch(keys));
  const addresses = [query, key, value, keyPaddingMask.shape.includes(0) ? undefined : keyPaddingMask].map((tensor) =>
    module.at(tensor),
  );
  return { addresses, sizes: [queries, keys, width, heads, rate, module.integer(seed)], tasks: images * heads, free };
}

/** Multi-head attention on projected queries, keys and values. */
export const attentionKernels: OpKernels = { registerGradient, registerNative, registerWasm };
