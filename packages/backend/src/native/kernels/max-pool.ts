import { fusedKernels, type MaxPoolAttributes, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { OpAttribute } from "../tfjs-node.ts";
import type { AttributeWriter } from "./attributes.ts";
import { defineGradient, defineKernel } from "./define-kernel.ts";

/** Max pooling with symmetric padding: `native/max_pool.cc`. */
export function registerMaxPool(): void {
  defineKernel<MaxPoolAttributes>(fusedKernels.maxPool, ({ inputs, attributes, backend, write }) =>
    backend.executeSingleOutput("DetrkitMaxPool", opAttributes(attributes, write), inputs),
  );
  defineKernel<MaxPoolAttributes>(fusedKernels.maxPoolGradient, ({ inputs, attributes, backend, write }) =>
    backend.executeSingleOutput("DetrkitMaxPoolGradient", opAttributes(attributes, write), inputs),
  );
  defineGradient<MaxPoolAttributes>(fusedKernels.maxPool, { outputs: [0] }, ([dy], [input, output], attributes) => [
    () => runKernel(fusedKernels.maxPoolGradient, [dy, input, output] as Tensor[], attributes)[0] as Tensor,
  ]);
}

function opAttributes({ window, stride, padding }: MaxPoolAttributes, write: AttributeWriter): OpAttribute[] {
  return [write.int("window", window), write.int("stride", stride), write.int("padding", padding)];
}
