import type { Random } from "@detrkit/common";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { type Initializer, inverseRootFanIn } from "../initializers.ts";
import { Module } from "../module.ts";
import type { Activation } from "../ops/activation.ts";
import { linear } from "../ops/linear.ts";
import { Parameter } from "../parameter.ts";

/** Sizes of a {@link Linear} layer, and how its weights are initialised. */
export interface LinearConfig {
  /** Width of the input, `I`. */
  readonly inputDim: number;
  /** Width of the output, `O`. */
  readonly outputDim: number;
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
  /** Applied to the sum. Default none. */
  readonly activation?: Activation;
  /** Default PyTorch's: uniform within `1 / sqrt(I)`. */
  readonly weightInitializer?: Initializer;
  /** Default PyTorch's: uniform within `1 / sqrt(I)`. */
  readonly biasInitializer?: Initializer;
  readonly random: Random;
}

/** `activation(input @ weight + bias)` over the last axis: `[..., I]` to `[..., O]`. */
export class Linear extends Module {
  /** `[I, O]` */
  readonly weight: Parameter;
  /** `[O]` */
  readonly bias: Parameter | undefined;
  readonly #activation: Activation | undefined;

  constructor(config: LinearConfig) {
    super();
    const { inputDim: fanIn, outputDim: fanOut, random } = config;
    const { weightInitializer = inverseRootFanIn(), biasInitializer = inverseRootFanIn() } = config;
    this.weight = new Parameter(weightInitializer({ shape: [fanIn, fanOut], fanIn, fanOut, random }));
    this.bias =
      (config.bias ?? true) ? new Parameter(biasInitializer({ shape: [fanOut], fanIn, fanOut, random })) : undefined;
    this.#activation = config.activation;
  }

  call<T extends Tensor>(input: T): T {
    return linear(input, this.weight.value as Tensor2D, this.bias?.value as Tensor1D | undefined, this.#activation);
  }
}
