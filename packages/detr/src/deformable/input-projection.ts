import type { Random } from "@detrkit/common";
import { constant, Conv2d, GroupNorm, Module, xavierUniform } from "@detrkit/nn";
import { type Tensor4D, tidy } from "@tensorflow/tfjs-core";

export interface InputProjectionConfig {
  readonly inputChannels: number;
  /** Width `D` of the tokens. */
  readonly dim: number;
  /** 1 for a map of the backbone, 3 for one that is half as high and wide as its input. */
  readonly kernelSize: 1 | 3;
  /** Of the norm, a divisor of `dim`. */
  readonly groups: number;
  readonly random: Random;
}

/** Brings a map to the width of the tokens: `[B, H, W, C]` to `[B, H, W, D]`, or to half the height and width. */
export class InputProjection extends Module {
  readonly convolution: Conv2d;
  readonly norm: GroupNorm;

  constructor({ inputChannels, dim, kernelSize, groups, random }: InputProjectionConfig) {
    super();
    this.convolution = new Conv2d({
      inputChannels,
      outputChannels: dim,
      kernelSize,
      ...(kernelSize === 3 && { stride: 2, padding: 1 }),
      weightInitializer: xavierUniform(),
      biasInitializer: constant(0),
      random,
    });
    this.norm = new GroupNorm({ groups, channels: dim });
  }

  call(features: Tensor4D): Tensor4D {
    return tidy(() => this.norm.call(this.convolution.call(features)));
  }
}
