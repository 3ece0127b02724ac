import { ConfigError, type Random } from "@detrkit/common";
import { expectShape, type Initializer, inverseRootFanIn, Module, Parameter } from "@detrkit/nn";
import {
  add,
  customGrad,
  depthwiseConv2d,
  DepthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput,
  getBackend,
  getKernel,
  type GradSaveFunc,
  mul,
  pad,
  reshape,
  reverse,
  slice,
  stack,
  sum,
  type Tensor,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";

/** Sizes of a {@link DepthwiseConvolution}, and how its weights are initialised. */
export interface DepthwiseConvolutionConfig {
  readonly channels: number;
  /** Height and width of the window, odd. */
  readonly kernelSize: number;
  /** Default PyTorch's: uniform within `1 / kernelSize`. */
  readonly weightInitializer?: Initializer;
  /** Default PyTorch's: uniform within `1 / kernelSize`. */
  readonly biasInitializer?: Initializer;
  readonly random: Random;
}

/** A filter of its own for each channel, with stride 1 and a border of zeros: `[B, H, W, C]` to `[B, H, W, C]`. */
export class DepthwiseConvolution extends Module {
  /** `[kernel height, kernel width, 1, C]`, as PyTorch counts: one input for each output. */
  readonly weight: Parameter;
  /** `[C]` */
  readonly bias: Parameter;

  constructor(config: DepthwiseConvolutionConfig) {
    super();
    const { channels, kernelSize, random } = config;
    const { weightInitializer = inverseRootFanIn(), biasInitializer = inverseRootFanIn() } = config;
    const fans = { fanIn: kernelSize ** 2, fanOut: kernelSize ** 2, random };
    this.weight = new Parameter(weightInitializer({ shape: [kernelSize, kernelSize, 1, channels], ...fans }));
    this.bias = new Parameter(biasInitializer({ shape: [channels], ...fans }));
  }

  call(input: Tensor4D): Tensor4D {
    return tidy(() => {
      const [height, width, , C] = this.weight.shape as [number, number, number, number];
      const filter: Tensor4D = reshape(this.weight.value, [height, width, C, 1]);
      return add(depthwiseConvolution(input, filter), this.bias.value);
    });
  }
}

/**
 * Depthwise convolution with stride 1 and "same" padding, differentiable on every backend: where tfjs lacks a kernel of
 * its gradient (WebAssembly), that is composed of ops. `B` images, `C` channels.
 *
 * @param input - `[B, H, W, C]`
 * @param filter - `[filter height, filter width, C, 1]`, both odd
 * @returns `[B, H, W, C]`
 */
export function depthwiseConvolution(input: Tensor4D, filter: Tensor4D): Tensor4D {
  const { C } = expectShape(input.shape, "depthwiseConvolution: input", ["B", "H", "W", "C"]);
  const [height, width] = filter.shape;
  expectShape(filter.shape, "depthwiseConvolution: filter", [height, width, C, 1]);
  if (height % 2 === 0 || width % 2 === 0)
    throw new ConfigError(`depthwiseConvolution: filter expected odd sides, got ${height}x${width}`);
  return hasGradientKernels() ? depthwiseConv2d(input, filter, 1, "same") : withComposedGradient(input, filter);
}

function hasGradientKernels(): boolean {
  const names = [DepthwiseConv2dNativeBackpropInput, DepthwiseConv2dNativeBackpropFilter];
  return names.every((name) => getKernel(name, getBackend()) !== undefined);
}

function withComposedGradient(input: Tensor4D, filter: Tensor4D): Tensor4D {
  const operation = customGrad((...inputs: (Tensor | GradSaveFunc)[]) => {
    const [x, w, save] = inputs as [Tensor4D, Tensor4D, GradSaveFunc];
    save([x, w]);
    return {
      value: depthwiseConv2d(x, w, 1, "same"),
      gradFunc: (upstream: Tensor, saved: Tensor[]) => {
        const [x, w] = saved as [Tensor4D, Tensor4D];
        // What a pixel gave to its neighbours, it gets back from them: the filter turned by half a circle.
        const byInput = depthwiseConv2d(upstream as Tensor4D, reverse(w, [0, 1]), 1, "same");
        return [byInput, filterGradient(x, upstream as Tensor4D, w.shape)];
      },
    };
  });
  return operation(input, filter) as Tensor4D;
}

/** For each tap the product of the input, moved by as much, with the upstream gradient `[B, H, W, C]`. */
function filterGradient(input: Tensor4D, upstream: Tensor4D, shape: Tensor4D["shape"]): Tensor4D {
  const [height, width] = shape;
  const [top, left] = [(height - 1) / 2, (width - 1) / 2];
  return tidy(() => {
    const padded = pad(input, [
      [0, 0],
      [top, top],
      [left, left],
      [0, 0],
    ]);
    const taps = Array.from({ length: height * width }, (_, tap) =>
      tidy(() => {
        const moved = slice(padded, [0, Math.floor(tap / width), tap % width, 0], upstream.shape);
        return sum(mul(moved, upstream), [0, 1, 2]);
      }),
    );
    return reshape(stack(taps), shape);
  });
}
