import { type AttentionAttributes, fusedKernels } from "@detrkit/nn";
import type { AttributeWriter } from "./attributes.ts";
import { defineKernel } from "./define-kernel.ts";
import { floats, type KernelInput, seedInput } from "./kernel-inputs.ts";
import type { OpAttribute } from "../tfjs-node.ts";

const operands: readonly KernelInput[] = [
  ...floats("query", "key", "value"),
  { name: "padding", dtype: "bool" },
  seedInput,
];

/** Multi-head attention: `native/attention.cc`. Inputs query, key, value, padding, seed. */
export function registerAttention(): void {
  defineKernel<AttentionAttributes>(
    fusedKernels.attention,
    { inputs: operands },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput("DetrkitAttention", opAttributes(attributes, write), inputs),
  );
  defineKernel<AttentionAttributes>(
    fusedKernels.attentionGradient,
    { inputs: [...operands, ...floats("dresult")] },
    ({ inputs, attributes, backend, write }) =>
      backend.executeMultipleOutputs("DetrkitAttentionGradient", opAttributes(attributes, write), inputs, 3),
  );
}

function opAttributes({ heads, rate }: AttentionAttributes, write: AttributeWriter): OpAttribute[] {
  return [write.int("heads", heads), write.rate(rate)];
}
