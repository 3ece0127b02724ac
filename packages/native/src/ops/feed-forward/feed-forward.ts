import {
  type FeedForwardAttributes,
  feedForwardGradientKernel,
  feedForwardKernel,
  runKernel,
} from "@detrkit/nn/kernels";
import type { OpAttribute } from "@detrkit/nn/tfjs-internals";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "../../gradients/define-gradient.ts";
import type { AttributeWriter } from "../../native/attributes.ts";
import { defineNativeKernel } from "../../native/define-kernel.ts";
import { floats, type KernelInput, seedInput } from "../../native/kernel-inputs.ts";
import type { OpKernels } from "../op-kernels.ts";

const operands = floats("input", "expand", "expand's bias", "contract", "contract's bias");
const gradientOperands = [...floats("dy"), ...operands];

function registerGradient(): void {
  defineGradient<FeedForwardAttributes>(feedForwardKernel, {}, ([dy], saved, attributes) => {
    const gradients = runKernel(feedForwardGradientKernel, [dy as Tensor, ...saved], attributes);
    return gradients.map((gradient) => () => gradient);
  });
}

/**
 * Feed-forward part of a transformer layer: `feed_forward.cc`. Its hidden activations are computed again in the
 * backward pass.
 */
function registerNative(): void {
  defineNativeKernel<FeedForwardAttributes>(
    feedForwardKernel,
    { inputs: seeded(operands) },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput("DetrkitFeedForward", opAttributes(attributes, write), inputs),
  );
  defineNativeKernel<FeedForwardAttributes>(
    feedForwardGradientKernel,
    { inputs: seeded(gradientOperands) },
    ({ inputs, attributes, backend, write }) =>
      backend.executeMultipleOutputs("DetrkitFeedForwardGradient", opAttributes(attributes, write), inputs, 5),
  );
}

/** Adds a seed if dropout is active. */
function seeded(inputs: readonly KernelInput[]): (attributes: FeedForwardAttributes) => readonly KernelInput[] {
  const withSeed = [...inputs, seedInput];
  return ({ rate }) => (rate > 0 ? withSeed : inputs);
}

function opAttributes({ rate }: FeedForwardAttributes, write: AttributeWriter): OpAttribute[] {
  return [write.rate(rate), write.int("S", rate > 0 ? 1 : 0)];
}

/** The feed-forward part of a transformer layer. */
export const feedForwardKernels: OpKernels = { registerGradient, registerNative };
