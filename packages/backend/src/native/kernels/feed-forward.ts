import { type FeedForwardAttributes, fusedKernels } from "@detrkit/nn";
import type { AttributeWriter } from "./attributes.ts";
import { defineKernel } from "./define-kernel.ts";
import { floats, type KernelInput, seedInput } from "./kernel-inputs.ts";
import type { OpAttribute } from "../tfjs-node.ts";

const operands = floats("input", "expand", "expand's bias", "contract", "contract's bias");
const gradientOperands = [...floats("dy"), ...operands];

/**
 * Feed-forward part of a transformer layer: `native/feed_forward.cc`. Its hidden activations are computed again
 * backwards.
 */
export function registerFeedForward(): void {
  defineKernel<FeedForwardAttributes>(
    fusedKernels.feedForward,
    { inputs: seeded(operands) },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput("DetrkitFeedForward", opAttributes(attributes, write), inputs),
  );
  defineKernel<FeedForwardAttributes>(
    fusedKernels.feedForwardGradient,
    { inputs: seeded(gradientOperands) },
    ({ inputs, attributes, backend, write }) =>
      backend.executeMultipleOutputs("DetrkitFeedForwardGradient", opAttributes(attributes, write), inputs, 5),
  );
}

/** With a seed where anything is dropped. */
function seeded(inputs: readonly KernelInput[]): (attributes: FeedForwardAttributes) => readonly KernelInput[] {
  const withSeed = [...inputs, seedInput];
  return ({ rate }) => (rate > 0 ? withSeed : inputs);
}

function opAttributes({ rate }: FeedForwardAttributes, write: AttributeWriter): OpAttribute[] {
  return [write.rate(rate), write.int("S", rate > 0 ? 1 : 0)];
}
