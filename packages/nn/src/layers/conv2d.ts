import type { Random } from "@detrkit/common";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { type Initializer, inverseRootFanIn } from "../initializers.ts";
import { Module } from "../module.ts";
import { convolution } from "../ops/convolution.ts";
import { Parameter } from "../parameter.ts";

/** Sizes of a {@link Conv2d}, and how its weights are initialised. */
export interface Conv2dConfig {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Height and width of the window. */
  readonly kernelSize: number;
  /** Step of the window. Default 1. */
  readonly stride?: number;
  /** Rows and columns of zeros on each side. Default 0. */
  readonly padding?: number;
  /** Distance between neighbouring taps of the window. Default 1. */
  readonly dilation?: number;
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
  /** Applied to the sum. Default none. */
  readonly activation?: "relu";
  /** Default PyTorch's: uniform within `1 / sqrt(inputs of one output)`. */
  readonly weightInitializer?: Initializer;
  /** Default PyTorch's: uniform within `1 / sqrt(inputs of one output)`. */
  readonly biasInitializer?: Initializer;
  readonly random: Random;
}

/** Two-dimensional convolution, padded as PyTorch pads: `[B, H, W, I]` to `[B, H', W', O]`. */
export class Conv2d extends Module {
  /** `[kernel height, kernel width, I, O]` */
  readonly weight: Parameter;
  /** `[O]` */
  readonly bias: Parameter | undefined;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly #activation: "relu" | undefined;

  constructor(config: Conv2dConfig) {
    super();
    const { inputChannels, outputChannels, kernelSize, random } = config;
    const { weightInitializer = inverseRootFanIn(), biasInitializer = inverseRootFanIn() } = config;
    const fans = { fanIn: inputChannels * kernelSize ** 2, fanOut: outputChannels * kernelSize ** 2, random };
    this.weight = new Parameter(
      weightInitializer({ shape: [kernelSize, kernelSize, inputChannels, outputChannels], ...fans }),
    );
    this.bias =
      (config.bias ?? true) ? new Parameter(biasInitializer({ shape: [outputChannels], ...fans })) : undefined;
    this.stride = config.stride ?? 1;
    this.padding = config.padding ?? 0;
    this.dilation = config.dilation ?? 1;
    this.#activation = config.activation;
  }

  /** @param residual - `[B, H', W', O]`, added before the activation */
  call(input: Tensor4D, residual?: Tensor4D): Tensor4D {
    return convolution(input, this.weight.value as Tensor4D, {
      bias: this.bias?.value as Tensor1D | undefined,
      residual,
      strides: this.stride,
      padding: this.padding,
      dilation: this.dilation,
      activation: this.#activation,
    });
  }
}
