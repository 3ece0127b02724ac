import { ConfigError, type Random } from "@detrkit/common";
import {
  type CallOptions,
  constant,
  type Initializer,
  LayerNorm,
  Linear,
  Module,
  normal,
  Parameter,
} from "@detrkit/nn";
import { add, fill, mul, tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { DepthwiseConvolution } from "./depthwise-convolution.ts";

/** Of all layer norms of a ConvNeXt, as published. */
export const convNeXtEpsilon = 1e-6;

/** Of all convolutions and linear layers of a ConvNeXt, as published; their biases begin at 0. */
export function convNeXtInitializers(): Readonly<Record<"weightInitializer" | "biasInitializer", Initializer>> {
  return { weightInitializer: normal(0, 0.02), biasInitializer: constant(0) };
}

/** Sizes of a {@link ConvNeXtBlock}. */
export interface ConvNeXtBlockConfig {
  readonly channels: number;
  /** What the scale of each channel begins at. */
  readonly layerScale: number;
  /** Share of the images for which training leaves the block out. */
  readonly stochasticDepth: number;
  readonly random: Random;
}

/**
 * A block of ConvNeXt (arXiv:2201.03545, figure 4): a depthwise 7×7 convolution, a layer norm, and two linear layers,
 * four times as wide in between, with GELU; scaled by channel and added to the input. `[B, H, W, C]` to `[B, H, W, C]`.
 */
export class ConvNeXtBlock extends Module {
  readonly depthwise: DepthwiseConvolution;
  readonly norm: LayerNorm;
  readonly expand: Linear;
  readonly contract: Linear;
  /** `[C]` */
  readonly layerScale: Parameter;
  readonly #stochasticDepth: number;

  constructor({ channels, layerScale, stochasticDepth, random }: ConvNeXtBlockConfig) {
    super();
    this.depthwise = new DepthwiseConvolution({ channels, kernelSize: 7, ...convNeXtInitializers(), random });
    this.norm = new LayerNorm({ dim: channels, epsilon: convNeXtEpsilon });
    const hiddenDim = 4 * channels;
    this.expand = new Linear({
      inputDim: channels,
      outputDim: hiddenDim,
      activation: "gelu",
      ...convNeXtInitializers(),
      random,
    });
    this.contract = new Linear({ inputDim: hiddenDim, outputDim: channels, ...convNeXtInitializers(), random });
    this.layerScale = new Parameter(fill([channels], layerScale));
    this.#stochasticDepth = stochasticDepth;
  }

  call(input: Tensor4D, options: CallOptions = {}): Tensor4D {
    return tidy(() => {
      const features = this.contract.call(this.expand.call(this.norm.call(this.depthwise.call(input))));
      const scaled = mul(features, this.layerScale.value) as Tensor4D;
      return add(input, this.#leaveOut(scaled, options));
    });
  }

  /** Stochastic depth (arXiv:1603.09382): some images skip the block, the others have it as much larger. */
  #leaveOut(features: Tensor4D, { training, random }: CallOptions): Tensor4D {
    const rate = this.#stochasticDepth;
    if (training !== true || rate === 0) return features;
    if (random === undefined) {
      throw new ConfigError(
        "ConvNeXt: training with stochasticDepth above 0 needs random numbers; " +
          "pass { training: true, random: new Random(seed) }",
      );
    }
    const factors = Array.from({ length: features.shape[0] }, () => (random.uniform() < rate ? 0 : 1 / (1 - rate)));
    return mul(features, tensor(factors, [factors.length, 1, 1, 1]));
  }
}
