import { fusedKernels, type MaxPoolAttributes } from "@detrkit/nn";
import type { OpAttribute } from "../tfjs-node.ts";
import type { AttributeWriter } from "./attributes.ts";
import { defineKernel } from "./define-kernel.ts";

/** Max pooling with symmetric padding: `native/max_pool.cc`. */
export function registerMaxPool(): void {
  defineKernel<MaxPoolAttributes>(fusedKernels.maxPool, ({ inputs, attributes, backend, write }) =>
    backend.executeSingleOutput("DetrkitMaxPool", opAttributes(attributes, write), inputs),
  );
  defineKernel<MaxPoolAttributes>(fusedKernels.maxPoolGradient, ({ inputs, attributes, backend, write }) =>
    backend.executeSingleOutput("DetrkitMaxPoolGradient", opAttributes(attributes, write), inputs),
  );
}

function opAttributes({ window, stride, padding }: MaxPoolAttributes, write: AttributeWriter): OpAttribute[] {
  return [write.int("window", window), write.int("stride", stride), write.int("padding", padding)];
}
