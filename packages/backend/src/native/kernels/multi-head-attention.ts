import { fusedKernels, type MultiHeadAttentionAttributes } from "@detrkit/nn";
import { numParameters } from "../../gradients/multi-head-attention.ts";
import type { AttributeWriter } from "./attributes.ts";
import { defineKernel } from "./define-kernel.ts";
import type { OpAttribute } from "../tfjs-node.ts";

/** Multi-head attention with its projections and positions: `native/multi_head_attention.cc`. */
export function registerMultiHeadAttention(): void {
  defineKernel<MultiHeadAttentionAttributes>(fusedKernels.multiHeadAttention, ({ inputs, attributes, backend, write }) =>
    backend.executeMultipleOutputs("DetrkitMultiHeadAttention", opAttributes(attributes, write), inputs, 2),
  );
  // Inputs: the result's gradient, what the op kept, its inputs. Outputs: gradients of memory, parameters, queries, positions.
  defineKernel<MultiHeadAttentionAttributes>(fusedKernels.multiHeadAttentionGradient, ({ inputs, attributes, backend, write }) => {
    const { queries, memoryPosition, queryPosition } = attributes;
    const outputs = 1 + numParameters + Number(queries) + Number(memoryPosition) + Number(queryPosition);
    return backend.executeMultipleOutputs("DetrkitMultiHeadAttentionGradient", opAttributes(attributes, write), inputs, outputs);
  });
}

function opAttributes(attributes: MultiHeadAttentionAttributes, write: AttributeWriter): OpAttribute[] {
  const { heads, rate, memoryPosition, queryPosition, queries, padding } = attributes;
  const sizes = { M: memoryPosition, P: queryPosition, Q: queries, K: padding, S: rate > 0 };
  return [write.int("heads", heads), write.float("rate", rate), ...Object.entries(sizes).map(([name, present]) => write.int(name, present ? 1 : 0))];
}
