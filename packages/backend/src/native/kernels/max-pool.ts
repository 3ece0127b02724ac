import { fusedKernels, type MaxPoolAttributes, poolShape } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { OpAttribute } from "../tfjs-node.ts";
import type { AttributeWriter } from "./attributes.ts";
import { defineKernel } from "./define-kernel.ts";
import { floats } from "./kernel-inputs.ts";

/** Max pooling with symmetric padding: `native/max_pool.cc`. */
export function registerMaxPool(): void {
  defineKernel<MaxPoolAttributes>(
    fusedKernels.maxPool,
    { inputs: floats("input") },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput("DetrkitMaxPool", opAttributes(inputs[0] as Tensor, attributes, write), inputs),
  );
  defineKernel<MaxPoolAttributes>(
    fusedKernels.maxPoolGradient,
    { inputs: floats("dy", "input", "y") },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput(
        "DetrkitMaxPoolGradient",
        opAttributes(inputs[1] as Tensor, attributes, write),
        inputs,
      ),
  );
}

function opAttributes(input: Tensor, attributes: MaxPoolAttributes, write: AttributeWriter): OpAttribute[] {
  poolShape(input.shape, attributes);
  const { window, stride, padding } = attributes;
  return [write.int("window", window), write.int("stride", stride), write.int("padding", padding)];
}
