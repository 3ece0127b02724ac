import { type FeedForwardAttributes, fusedKernels } from "@detrkit/nn";
import type { AttributeWriter } from "./attributes.ts";
import { defineKernel } from "./define-kernel.ts";
import type { OpAttribute } from "../tfjs-node.ts";

/** Feed-forward part of a transformer layer: `native/feed_forward.cc`. Its hidden activations are computed again backwards. */
export function registerFeedForward(): void {
  defineKernel<FeedForwardAttributes>(fusedKernels.feedForward, ({ inputs, attributes, backend, write }) =>
    backend.executeSingleOutput("DetrkitFeedForward", opAttributes(attributes, write), inputs),
  );
  defineKernel<FeedForwardAttributes>(fusedKernels.feedForwardGradient, ({ inputs, attributes, backend, write }) =>
    backend.executeMultipleOutputs("DetrkitFeedForwardGradient", opAttributes(attributes, write), inputs, 5),
  );
}

function opAttributes({ rate }: FeedForwardAttributes, write: AttributeWriter): OpAttribute[] {
  return [write.float("rate", rate), write.int("S", rate > 0 ? 1 : 0)];
}
