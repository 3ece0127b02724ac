import {
  type ConvolutionAttributes,
  convolutionFilterGradientKernel,
  convolutionInputGradientKernel,
  convolutionKernel,
  reluGradientKernel,
  runKernel,
} from "@detrkit/nn/kernels";
import { sum, type Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "../../gradients/define-gradient.ts";

/**
 * Attributes of the two gradient kernels: those of the convolution, and the shape of the operand that the gradient is
 * taken by.
 */
export interface ConvolutionGradientAttributes extends ConvolutionAttributes {
  readonly shape: readonly number[];
}

/** Registers the gradient of a convolution with bias, residual and ReLU, with respect to all four operands. */
export function registerConvolutionGradient(): void {
  defineGradient<ConvolutionAttributes>(
    convolutionKernel,
    { inputs: [0, 1], outputs: [0] },
    ([upstream], saved, attributes) => {
      const [input, filter] = saved as [Tensor, Tensor];
      const dy = attributes.relu ? maskedByRelu(upstream as Tensor, saved.at(-1) as Tensor) : (upstream as Tensor);
      return [
        () =>
          runKernel(convolutionInputGradientKernel, [filter, dy], {
            ...attributes,
            shape: input.shape,
          })[0] as Tensor,
        () =>
          runKernel(convolutionFilterGradientKernel, [input, dy], {
            ...attributes,
            shape: filter.shape,
          })[0] as Tensor,
        ...(attributes.bias ? [() => sum(dy, [0, 1, 2])] : []),
        ...(attributes.residual ? [() => dy.clone()] : []),
      ];
    },
  );
}

function maskedByRelu(dy: Tensor, output: Tensor): Tensor {
  return runKernel(reluGradientKernel, [dy, output], {})[0] as Tensor;
}
