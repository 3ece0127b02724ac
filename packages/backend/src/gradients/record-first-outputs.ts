import type { FusedKernel } from "@detrkit/nn";
import { engine, type Tensor } from "@tensorflow/tfjs-core";

/** What of tfjs's engine is used here and not in its types. */
interface RecordingEngine {
  addTapeNode(kernelName: string, inputs: unknown, outputs: Tensor[], ...rest: unknown[]): void;
}

/**
 * Has only the first output of these kernels recorded; the others are there for the gradient, which has saved them.
 * tfjs would make gradients of zeros for them in each backward pass, which for an attention are several times its
 * input.
 */
export function recordFirstOutputs(kernels: readonly FusedKernel[]): void {
  const chosen: ReadonlySet<string> = new Set(kernels);
  const inside = engine() as unknown as RecordingEngine;
  const record = inside.addTapeNode.bind(inside);
  inside.addTapeNode = (kernelName, inputs, outputs, ...rest) =>
    record(kernelName, inputs, chosen.has(kernelName) ? outputs.slice(0, 1) : outputs, ...rest);
}
