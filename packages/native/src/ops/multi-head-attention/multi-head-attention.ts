import {
  type MultiHeadAttentionAttributes,
  multiHeadAttentionGradientKernel,
  multiHeadAttentionKernel,
  runKernel,
} from "@detrkit/nn/kernels";
import type { OpAttribute } from "@detrkit/nn/tfjs-internals";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "../../gradients/define-gradient.ts";
import type { AttributeWriter } from "../../native/attributes.ts";
import { defineNativeKernel } from "../../native/define-kernel.ts";
import { floats, type KernelInput, seedInput } from "../../native/kernel-inputs.ts";
import type { OpKernels } from "../op-kernels.ts";

/** Weights and biases of the four projections. */
const parameters = floats(
  ...["query", "key", "value", "output"].flatMap((projection) => [`${projection} weight`, `${projection} bias`]),
);
const [memoryPosition, queryPosition, memory, queries] = floats(
  "memory position",
  "query position",
  "memory",
  "queries",
);
const gradientOperands = floats("dy", "kept");

function registerGradient(): void {
  defineGradient<MultiHeadAttentionAttributes>(
    multiHeadAttentionKernel,
    { outputs: [1] },
    ([dy], saved, attributes) => {
      const [inputs, kept] = [saved.slice(0, -1), saved.at(-1)];
      const [memory, ...rest] = runKernel(
        multiHeadAttentionGradientKernel,
        [dy as Tensor, kept as Tensor, ...inputs],
        attributes,
      );
      const [byParameters, others] = [rest.slice(0, parameters.length), rest.slice(parameters.length)];
      const byQueries = attributes.queries ? others.splice(0, 1) : [];
      return [...others, memory as Tensor, ...byQueries, ...byParameters].map((gradient) => () => gradient);
    },
  );
}

/** Multi-head attention with its projections and positions: `multi_head_attention.cc`. */
function registerNative(): void {
  defineNativeKernel<MultiHeadAttentionAttributes>(
    multiHeadAttentionKernel,
    { inputs: operands },
    ({ inputs, attributes, backend, write }) =>
      backend.executeMultipleOutputs("DetrkitMultiHeadAttention", opAttributes(attributes, write), inputs, 2),
  );
  // Inputs: the result's gradient, what the op kept, its inputs. Outputs: gradients of memory, parameters, queries,
  // positions.
  defineNativeKernel<MultiHeadAttentionAttributes>(
    multiHeadAttentionGradientKernel,
    { inputs: (attributes) => [...gradientOperands, ...operands(attributes)] },
    ({ inputs, attributes, backend, write }) => {
      const { queries, memoryPosition, queryPosition } = attributes;
      const outputs = 1 + parameters.length + [queries, memoryPosition, queryPosition].filter(Boolean).length;
      return backend.executeMultipleOutputs(
        "DetrkitMultiHeadAttentionGradient",
        opAttributes(attributes, write),
        inputs,
        outputs,
      );
    },
  );
}

function operands(flags: MultiHeadAttentionAttributes): readonly KernelInput[] {
  const tokens = [
    flags.memoryPosition && memoryPosition,
    flags.queryPosition && queryPosition,
    memory,
    flags.queries && queries,
  ];
  const rest: (KernelInput | false)[] = [
    ...parameters,
    flags.keyPaddingMask && { name: "keyPaddingMask", dtype: "bool" },
    flags.rate > 0 && seedInput,
  ];
  return [...tokens, ...rest].filter((input) => typeof input === "object");
}

function opAttributes(attributes: MultiHeadAttentionAttributes, write: AttributeWriter): OpAttribute[] {
  const { heads, rate, memoryPosition, queryPosition, queries, keyPaddingMask } = attributes;
  const sizes = { M: memoryPosition, P: queryPosition, Q: queries, K: keyPaddingMask, S: rate > 0 };
  return [
    write.int("heads", heads),
    write.rate(rate),
    ...Object.entries(sizes).map(([name, present]) => write.int(name, present ? 1 : 0)),
  ];
}

/** Multi-head attention with its projections and positions. */
export const multiHeadAttentionKernels: OpKernels = {
  registerGradient,
  recordsFirstOutput: [multiHeadAttentionKernel],
  registerNative,
};
