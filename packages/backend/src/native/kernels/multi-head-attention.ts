import { fusedKernels, type MultiHeadAttentionAttributes } from "@detrkit/nn";
import type { AttributeWriter } from "./attributes.ts";
import { defineKernel } from "./define-kernel.ts";
import { floats, type KernelInput, seedInput } from "./kernel-inputs.ts";
import type { OpAttribute } from "../tfjs-node.ts";

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

/** Multi-head attention with its projections and positions: `native/multi_head_attention.cc`. */
export function registerMultiHeadAttention(): void {
  defineKernel<MultiHeadAttentionAttributes>(
    fusedKernels.multiHeadAttention,
    { inputs: operands },
    ({ inputs, attributes, backend, write }) =>
      backend.executeMultipleOutputs("DetrkitMultiHeadAttention", opAttributes(attributes, write), inputs, 2),
  );
  // Inputs: the result's gradient, what the op kept, its inputs. Outputs: gradients of memory, parameters, queries,
  // positions.
  defineKernel<MultiHeadAttentionAttributes>(
    fusedKernels.multiHeadAttentionGradient,
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
    flags.padding && { name: "padding", dtype: "bool" },
    flags.rate > 0 && seedInput,
  ];
  return [...tokens, ...rest].filter((input) => typeof input === "object");
}

function opAttributes(attributes: MultiHeadAttentionAttributes, write: AttributeWriter): OpAttribute[] {
  const { heads, rate, memoryPosition, queryPosition, queries, padding } = attributes;
  const sizes = { M: memoryPosition, P: queryPosition, Q: queries, K: padding, S: rate > 0 };
  return [
    write.int("heads", heads),
    write.rate(rate),
    ...Object.entries(sizes).map(([name, present]) => write.int(name, present ? 1 : 0)),
  ];
}
