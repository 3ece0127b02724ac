import { type AttentionAttributes, fusedKernels } from "@detrkit/nn";
import type { AttributeWriter } from "./attributes.ts";
import { defineKernel } from "./define-kernel.ts";
import type { OpAttribute } from "../tfjs-node.ts";

/** Multi-head attention: `native/attention.cc`. Inputs query, key, value, padding, seed. */
export function registerAttention(): void {
  defineKernel<AttentionAttributes>(fusedKernels.attention, ({ inputs, attributes, backend, write }) =>
    backend.executeSingleOutput("DetrkitAttention", opAttributes(attributes, write), inputs),
  );
  defineKernel<AttentionAttributes>(fusedKernels.attentionGradient, ({ inputs, attributes, backend, write }) =>
    backend.executeMultipleOutputs("DetrkitAttentionGradient", opAttributes(attributes, write), inputs, 3),
  );
}

function opAttributes({ heads, rate }: AttentionAttributes, write: AttributeWriter): OpAttribute[] {
  return [write.int("heads", heads), write.float("rate", rate)];
}
