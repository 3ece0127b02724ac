import { ConfigError } from "@detrkit/common";
import { maxPool, pad, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { expectInteger } from "../expect-number.ts";
import { expectTensor } from "../expect-tensor.ts";
import { Module } from "../module.ts";
import { hasKernel } from "../ops/has-kernel.ts";
import { runKernel } from "../tfjs-internals/index.ts";
import { type MaxPoolAttributes, poolShape } from "../ops/window-shape.ts";

/** The kernel of this op, where a backend has it. */
export const maxPoolKernel = "DetrkitMaxPool";
/** Of its gradient. */
export const maxPoolGradientKernel = "DetrkitMaxPoolGradient";

/** The window of a {@link MaxPool2d}. */
export interface MaxPool2dConfig {
  /** Height and width of the window. */
  readonly kernelSize: number;
  /** Step of the window. Default `kernelSize`. */
  readonly stride?: number;
  /** Rows and columns on each side that never hold the largest value; at most half of `kernelSize`. Default 0. */
  readonly padding?: number;
}

/** Largest value of each window, padded as PyTorch pads: `[B, H, W, C]` to `[B, H', W', C]`. */
export class MaxPool2d extends Module {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;

  constructor({ kernelSize, stride = kernelSize, padding = 0 }: MaxPool2dConfig) {
    super();
    expectInteger(kernelSize, "MaxPool2d: kernelSize", 1);
    expectInteger(stride, "MaxPool2d: stride", 1);
    expectInteger(padding, "MaxPool2d: padding", 0);
    if (padding > kernelSize / 2) {
      throw new ConfigError(
        `MaxPool2d: padding ${padding} is more than half of the window ${kernelSize}, ` +
          "some windows would hold only padding",
      );
    }
    this.kernelSize = kernelSize;
    this.stride = stride;
    this.padding = padding;
  }

  call(input: Tensor4D): Tensor4D {
    const { kernelSize, stride, padding } = this;
    const attributes: MaxPoolAttributes = { window: kernelSize, stride, padding };
    expectTensor(input, "MaxPool2d.call: input", "float32");
    poolShape(input.shape, attributes);
    if (hasKernel(maxPoolKernel)) {
      return runKernel(maxPoolKernel, [input], attributes)[0] as Tensor4D;
    }
    return tidy(() => {
      // Padded in a step of its own: the native backend has no gradient of pooling with other padding than "same".
      const padded =
        padding === 0
          ? input
          : pad(
              input,
              [
                [0, 0],
                [padding, padding],
                [padding, padding],
                [0, 0],
              ],
              Number.NEGATIVE_INFINITY,
            );
      return maxPool(padded, kernelSize, stride, "valid");
    });
  }
}
