import { fusedKernels, type MultiHeadAttentionAttributes, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { AttributeWriter } from "./attributes.ts";
import { defineGradient, defineKernel } from "./define-kernel.ts";
import type { OpAttribute } from "../tfjs-node.ts";

/** Weights and biases of the four projections. */
const numParameters = 8;

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
  defineGradient<MultiHeadAttentionAttributes>(fusedKernels.multiHeadAttention, { outputs: [1] }, ([dy], saved, attributes) => {
    const [inputs, kept] = [saved.slice(0, -1), saved.at(-1)];
    const [memory, ...rest] = runKernel(fusedKernels.multiHeadAttentionGradient, [dy as Tensor, kept as Tensor, ...inputs], attributes);
    const [parameters, others] = [rest.slice(0, numParameters), rest.slice(numParameters)];
    const queries = attributes.queries ? others.splice(0, 1) : [];
    return [...others, memory as Tensor, ...queries, ...parameters].map((gradient) => () => gradient);
  });
}

function opAttributes(attributes: MultiHeadAttentionAttributes, write: AttributeWriter): OpAttribute[] {
  const { heads, rate, memoryPosition, queryPosition, queries, padding } = attributes;
  const sizes = { M: memoryPosition, P: queryPosition, Q: queries, K: padding, S: rate > 0 };
  return [write.int("heads", heads), write.float("rate", rate), ...Object.entries(sizes).map(([name, present]) => write.int(name, present ? 1 : 0))];
}
