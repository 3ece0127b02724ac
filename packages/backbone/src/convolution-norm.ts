import type { Random } from "@detrkit/common";
import {
  BatchNorm,
  type CallOptions,
  Conv2d,
  convolution,
  FrozenBatchNorm,
  GroupNorm,
  groupNorm,
  kaimingNormal,
  Module,
} from "@detrkit/nn";
import { add, relu, type Tensor1D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { FoldedFilter } from "./folded-filter.ts";

/**
 * `frozen-batch`: statistics and affine parameters are constants, as in the published detectors. `batch`: statistics of
 * the batch. `group`: groups of 4 channels, at most 32 groups, to train from scratch with small batches.
 */
export type NormKind = "frozen-batch" | "batch" | "group";

/** Sizes of a {@link ConvolutionNorm}, and which norm follows the convolution. */
export interface ConvolutionNormConfig {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly kernelSize: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly norm: NormKind;
  readonly random: Random;
}

/** What happens after the norm, in this order. */
export interface ConvolutionNormOptions extends CallOptions {
  /** Added to the result, `[B, H', W', O]`. */
  readonly residual?: Tensor4D;
  readonly activation?: "relu";
}

/** A convolution without bias, followed by a norm. Its padding keeps the size, apart from the stride. */
export class ConvolutionNorm extends Module {
  readonly convolution: Conv2d;
  readonly norm: FrozenBatchNorm | BatchNorm | GroupNorm;
  readonly #foldedFilter: FoldedFilter | undefined;

  constructor(config: ConvolutionNormConfig) {
    super();
    const { inputChannels, outputChannels, kernelSize, stride = 1, dilation = 1, random } = config;
    this.convolution = new Conv2d({
      inputChannels: inputChannels,
      outputChannels: outputChannels,
      kernelSize,
      stride,
      dilation,
      padding: (dilation * (kernelSize - 1)) / 2,
      bias: false,
      weightInitializer: kaimingNormal({ mode: "fanOut" }),
      random,
    });
    this.norm = createNorm(config.norm, outputChannels);
    this.#foldedFilter =
      this.norm instanceof FrozenBatchNorm ? new FoldedFilter(this.convolution, this.norm) : undefined;
  }

  /**
   * `B` images, `I O` channels in and out, `H' W'` the size divided by the stride.
   * @param input - `[B, H, W, I]`
   * @returns `activation(norm(convolution(input)) + residual)`, `[B, H', W', O]`
   */
  call(input: Tensor4D, options: ConvolutionNormOptions = {}): Tensor4D {
    const { norm } = this;
    const { residual, activation } = options;
    return tidy(() => {
      if (this.#foldedFilter !== undefined && norm instanceof FrozenBatchNorm) {
        const { stride, padding, dilation } = this.convolution;
        const { shift } = norm.scaleAndShift();
        return convolution(input, this.#foldedFilter.value(), {
          bias: shift,
          residual,
          activation,
          strides: stride,
          padding,
          dilation,
        });
      }
      const output = this.convolution.call(input);
      if (norm instanceof GroupNorm) {
        const { groups, epsilon } = norm;
        return groupNorm(output, norm.weight.value as Tensor1D, norm.bias.value as Tensor1D, {
          groups,
          epsilon,
          activation,
          residual,
        });
      }
      const normalised = norm.call(output, options);
      const joined = residual === undefined ? normalised : add<Tensor4D>(normalised, residual);
      return activation === "relu" ? relu(joined) : joined;
    });
  }

  override disposeCaches(): void {
    this.#foldedFilter?.dispose();
  }
}

function createNorm(kind: NormKind, channels: number): FrozenBatchNorm | BatchNorm | GroupNorm {
  if (kind === "frozen-batch") return new FrozenBatchNorm({ channels });
  if (kind === "batch") return new BatchNorm({ channels });
  return new GroupNorm({ channels, groups: Math.min(Math.ceil(channels / 4), 32), epsilon: 1e-5 });
}
