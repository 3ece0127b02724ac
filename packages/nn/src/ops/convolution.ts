import {
  add,
  batchToSpaceND,
  conv2d,
  fused,
  pad,
  relu,
  reshape,
  slice,
  spaceToBatchND,
  type Tensor1D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { expectFloats, expectTensor } from "../expect-tensor.ts";
import { isRecordingGradients, runKernel } from "../tfjs-internals/index.ts";
import { convolutionOfNothing } from "./convolution-of-nothing.ts";
import { hasKernel } from "./has-kernel.ts";
import { convolutionShape, leastSliding } from "./window-shape.ts";

/** The kernel of this op, where a backend has it. */
export const convolutionKernel = "DetrkitConvolution";
/** Of its gradient by the input. */
export const convolutionInputGradientKernel = "DetrkitConvolutionInputGradient";
/** Of its gradient by the filter. */
export const convolutionFilterGradientKernel = "DetrkitConvolutionFilterGradient";
/** Of the gradient of a ReLU after it, from the upstream gradient and the result. */
export const reluGradientKernel = "DetrkitReluGradient";

/** Inputs: input, filter, then bias and residual where their flags are set. Output: the result. */
export interface ConvolutionAttributes {
  readonly strides: number;
  readonly padding: number;
  readonly dilation: number;
  readonly relu: boolean;
  readonly bias: boolean;
  readonly residual: boolean;
}

/** How the window of a {@link convolution} slides, and what is added to the result. */
export interface ConvolutionOptions {
  /** Added per output channel `[O]`. */
  readonly bias?: Tensor1D | undefined;
  /** Added to the result, of its shape `[B, H', W', O]`, before the activation. */
  readonly residual?: Tensor4D | undefined;
  /** Step of the window, in both directions. */
  readonly strides: number;
  /**
   * Rows and columns of zeros on each of the four sides (PyTorch's `padding`; TensorFlow's "same" differs for strides
   * above 1).
   */
  readonly padding: number;
  /** Distance between neighbouring taps of the filter; 1 is an ordinary convolution. */
  readonly dilation: number;
  readonly activation?: "relu" | undefined;
}

/**
 * Two-dimensional convolution, `activation(convolution + bias + residual)`. `B` images, `H W` and `H' W'` their size
 * before and after, `I O` channels in and out. Differentiable in every tensor, whatever the dilation.
 *
 * @param input - `[B, H, W, I]`
 * @param filter - `[filter height, filter width, I, O]`
 * @returns `[B, H', W', O]`
 */
export function convolution(input: Tensor4D, filter: Tensor4D, given: ConvolutionOptions): Tensor4D {
  expectTensor(input, "convolution: input", "float32");
  expectTensor(filter, "convolution: filter", "float32");
  const shape = convolutionShape(input.shape, filter.shape, given);
  const options = { ...given, ...leastSliding(input.shape, filter.shape, given) };
  const { bias, residual } = options;
  if (bias !== undefined) expectFloats(bias, "convolution: bias", [shape[3]]);
  if (residual !== undefined) expectFloats(residual, "convolution: residual", shape);
  if (input.size === 0 || filter.size === 0 || shape.includes(0))
    return tidy(() => finished(convolutionOfNothing(input, filter, shape), options));
  // TensorFlow's gradients of dilated convolutions differ between processors and paddings; those of the ops that they
  // decompose into don't.
  const isDirect = options.dilation === 1 || !isRecordingGradients();
  if (isDirect && hasKernel(convolutionKernel)) return fusedConvolution(input, filter, options);
  if (options.dilation === 1) return plainConvolution(input, filter, options);
  return options.strides === 1 ? dilatedConvolution(input, filter, options) : spreadConvolution(input, filter, options);
}

function fusedConvolution(input: Tensor4D, filter: Tensor4D, options: ConvolutionOptions): Tensor4D {
  const { strides, padding, dilation, bias, residual, activation } = options;
  const attributes: ConvolutionAttributes = {
    strides,
    padding,
    dilation,
    relu: activation === "relu",
    bias: bias !== undefined,
    residual: residual !== undefined,
  };
  const inputs = [input, filter, ...(bias === undefined ? [] : [bias]), ...(residual === undefined ? [] : [residual])];
  return runKernel(convolutionKernel, inputs, attributes)[0] as Tensor4D;
}

function plainConvolution(input: Tensor4D, filter: Tensor4D, options: ConvolutionOptions): Tensor4D {
  if (meetsSeparateCells(filter, options)) {
    return tidy(() =>
      plainConvolution(everyCell(padded(input, options), options.strides), filter, {
        ...options,
        strides: 1,
        padding: 0,
      }),
    );
  }
  const { strides, bias, residual, activation = "linear" } = options;
  return tidy(() => {
    const [x, pad] = paddedInput(input, filter, options);
    if (residual === undefined && bias !== undefined)
      return fused.conv2d({ x, filter, strides, pad, bias, activation });
    const output = conv2d(x, filter, strides, pad);
    return finished(output, options);
  });
}

/**
 * A strided 1×1 filter over few channels. There the filter gradient of TensorFlow's oneDNN writes beyond its buffers
 * (seen in 2.21 with fewer channels than a vector has lanes). Stride 1 over only the cells that the filter meets avoids
 * this.
 */
function meetsSeparateCells({ shape: [height, width, channels] }: Tensor4D, { strides }: ConvolutionOptions): boolean {
  return height === 1 && width === 1 && strides > 1 && channels < 16;
}

/** Every `step`-th cell of every `step`-th row, from the first, by ops that have gradients. */
function everyCell(map: Tensor4D, step: number): Tensor4D {
  const [B, H, W, C] = map.shape;
  const [rows, columns] = [Math.ceil(H / step), Math.ceil(W / step)];
  const whole = pad(map, [
    [0, 0],
    [0, rows * step - H],
    [0, columns * step - W],
    [0, 0],
  ]);
  const grouped = reshape(whole, [B * rows, step, columns, step * C]);
  return reshape(slice(grouped, [0, 0, 0, 0], [B * rows, 1, columns, C]), [B, rows, columns, C]);
}

function finished(output: Tensor4D, { bias, residual, activation }: ConvolutionOptions): Tensor4D {
  const biased: Tensor4D = bias === undefined ? output : add(output, bias);
  const sum: Tensor4D = residual === undefined ? biased : add(biased, residual);
  return activation === "relu" ? relu(sum) : sum;
}

/**
 * Explicit padding has no gradient on the native backend, so "same" is used where it is equal, and the input is padded
 * elsewhere.
 */
function paddedInput(
  input: Tensor4D,
  filter: Tensor4D,
  { padding, strides }: ConvolutionOptions,
): [Tensor4D, "same" | "valid"] {
  if (padding === 0) return [input, "valid"];
  const [height, width] = filter.shape;
  if (strides === 1 && height === 2 * padding + 1 && width === height) return [input, "same"];
  return [padded(input, { padding }), "valid"];
}

function padded(map: Tensor4D, { padding }: { readonly padding: number }): Tensor4D {
  return pad(map, [
    [0, 0],
    [padding, padding],
    [padding, padding],
    [0, 0],
  ]);
}

/**
 * For stride 1: pixels whose coordinates are equal modulo the dilation become separate images, in which the taps are
 * neighbours.
 */
function dilatedConvolution(input: Tensor4D, filter: Tensor4D, options: ConvolutionOptions): Tensor4D {
  const { padding, dilation } = options;
  const [, height, width] = input.shape;
  // Rows and columns to add until the dilation divides the padded size; as many are cut from the output.
  const bottom = positiveModulo(-(height + 2 * padding), dilation);
  const right = positiveModulo(-(width + 2 * padding), dilation);
  return tidy(() => {
    const blocks = spaceToBatchND(
      input,
      [dilation, dilation],
      [
        [padding, padding + bottom],
        [padding, padding + right],
      ],
    );
    const convolved = convolution(blocks, filter, { strides: 1, padding: 0, dilation: 1 });
    return finished(
      batchToSpaceND(
        convolved,
        [dilation, dilation],
        [
          [0, bottom],
          [0, right],
        ],
      ),
      options,
    );
  });
}

/** Puts zeros between the filter's taps: slower than {@link dilatedConvolution}, but right for every stride. */
function spreadConvolution(input: Tensor4D, filter: Tensor4D, options: ConvolutionOptions): Tensor4D {
  const { dilation } = options;
  const [height, width, I, O] = filter.shape;
  return tidy(() => {
    const apart = pad(reshape(filter, [height, 1, width, 1, I * O]), [
      [0, 0],
      [0, dilation - 1],
      [0, 0],
      [0, dilation - 1],
      [0, 0],
    ]);
    const spread: Tensor4D = reshape(apart, [height * dilation, width * dilation, I, O]);
    const trimmed = slice(spread, [0, 0, 0, 0], [dilation * (height - 1) + 1, dilation * (width - 1) + 1, I, O]);
    return convolution(input, trimmed, { ...options, dilation: 1 });
  });
}

function positiveModulo(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}
