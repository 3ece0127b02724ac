import type { Random } from "@detrkit/common";
import { type CallOptions, Module } from "@detrkit/nn";
import { type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { ConvolutionNorm, type NormKind } from "./convolution-norm.ts";
import type { BlockKind } from "./resnet-depths.ts";

/** How many times wider a block's output is than its 3×3 convolution. */
export const blockExpansion: Readonly<Record<BlockKind, number>> = { basic: 1, bottleneck: 4 };

/** What decides the shapes of a block's convolutions. */
export interface ResidualBlockShape {
  readonly kind: BlockKind;
  readonly inputChannels: number;
  /** Channels of the 3×3 convolutions. */
  readonly channels: number;
  readonly stride: number;
  readonly dilation: number;
}

export interface ResidualBlockConfig extends ResidualBlockShape {
  readonly norm: NormKind;
  readonly random: Random;
}

/**
 * A block of ResNet v1.5: two or three convolutions whose result is added to the input. The stride is on the (first)
 * 3×3 convolution. Where the block changes size or channels, a 1×1 convolution projects the input.
 */
export class ResidualBlock extends Module {
  readonly units: readonly ConvolutionNorm[];
  readonly shortcut: ConvolutionNorm | undefined;

  constructor(config: ResidualBlockConfig) {
    super();
    const { kind, inputChannels, channels, stride, dilation, norm, random } = config;
    const outputChannels = channels * blockExpansion[kind];
    const shapes =
      kind === "basic"
        ? [
            { inputChannels, outputChannels, kernelSize: 3, stride, dilation },
            { inputChannels: outputChannels, outputChannels, kernelSize: 3, dilation },
          ]
        : [
            { inputChannels, outputChannels: channels, kernelSize: 1 },
            { inputChannels: channels, outputChannels: channels, kernelSize: 3, stride, dilation },
            { inputChannels: channels, outputChannels, kernelSize: 1 },
          ];
    this.units = shapes.map(
      (shape, index) => new ConvolutionNorm({ ...shape, norm, random: random.fork("units", index) }),
    );
    this.shortcut =
      stride !== 1 || inputChannels !== outputChannels
        ? new ConvolutionNorm({
            inputChannels,
            outputChannels,
            kernelSize: 1,
            stride,
            norm,
            random: random.fork("shortcut"),
          })
        : undefined;
  }

  /**
   * `B` images, `I O` channels in and out, `H' W'` the size divided by the stride.
   * @param input - `[B, H, W, I]`
   * @returns `[B, H', W', O]`
   */
  call(input: Tensor4D, options: CallOptions = {}): Tensor4D {
    return tidy(() => {
      const residual = this.shortcut?.call(input, options) ?? input;
      const last = this.units.length - 1;
      return this.units.reduce(
        (features, unit, index) =>
          unit.call(features, { ...options, activation: "relu", ...(index === last && { residual }) }),
        input,
      );
    });
  }
}
