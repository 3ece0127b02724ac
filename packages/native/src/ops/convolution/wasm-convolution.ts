import { ShapeError } from "@detrkit/common";
import {
  type ConvolutionAttributes,
  convolutionFilterGradientKernel,
  convolutionInputGradientKernel,
  convolutionKernel,
  reluGradientKernel,
} from "@detrkit/nn/kernels";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ConvolutionGradientAttributes } from "./convolution-gradient.ts";
import { defineWasmKernel, requireShape } from "../../wasm/define-kernel.ts";
import type { KernelModule } from "../../wasm/kernel-module.ts";

export type Shape4 = readonly [number, number, number, number];

/** How a filter slides: stride, padding before the first row and column, dilation; each down and right. */
export interface Slide {
  readonly outSize: readonly [height: number, width: number];
  readonly strides: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

const bytesPerFloat = 4;
/**
 * Windows are written one megabyte at a time: it stays in the cache, and is enough to make packing the filter cheap.
 */
const windowBytes = 2 ** 20;
const fewestWindows = 96;
const mostWindows = 2048;

/**
 * Convolution and its gradients: `convolution.as.ts`. Inputs of the first: input, filter, then bias and residual
 * where the attributes say so.
 */
export function registerWasmConvolution(module: KernelModule): void {
  defineWasmKernel<ConvolutionAttributes>(convolutionKernel, ({ inputs, attributes }) => {
    const [input, filter, ...others] = inputs as [TensorInfo, TensorInfo, ...TensorInfo[]];
    const bias = attributes.bias ? others.shift() : undefined;
    const [residual] = others;
    const sizes = sizesOf(
      input.shape as unknown as Shape4,
      filter.shape as unknown as Shape4,
      slideOf(input.shape, filter.shape, attributes),
    );
    requireShape("convolution: bias", bias, [sizes.outChannels]);
    requireShape("convolution: residual", residual, outShape(sizes));
    const output = module.output(outShape(sizes));
    const { chunk, integers, free } = workingMemory(module, sizes);
    const operands = [input, filter, output, bias, residual].map((tensor) => module.at(tensor));
    module.run.convolution(
      ...operands,
      Number(attributes.relu),
      integers,
      0,
      sizes.images * sizes.outHeight * sizes.outWidth,
      chunk,
      free,
    );
    return output;
  });
  defineWasmKernel<ConvolutionGradientAttributes>(convolutionInputGradientKernel, ({ inputs, attributes }) => {
    const [filter, dy] = inputs as [TensorInfo, TensorInfo];
    return inputGradient(
      module,
      filter,
      dy,
      attributes.shape as Shape4,
      slideOf(attributes.shape, filter.shape, attributes),
    );
  });
  defineWasmKernel<ConvolutionGradientAttributes>(convolutionFilterGradientKernel, ({ inputs, attributes }) => {
    const [input, dy] = inputs as [TensorInfo, TensorInfo];
    return filterGradient(
      module,
      input,
      dy,
      attributes.shape as Shape4,
      slideOf(input.shape, attributes.shape, attributes),
    );
  });
  defineWasmKernel<unknown>(reluGradientKernel, ({ inputs }) => {
    const [dy, y] = inputs as [TensorInfo, TensorInfo];
    const dx = module.output(dy.shape);
    module.run.reluGradient(
      module.at(dy),
      module.at(y),
      module.at(dx),
      dy.shape.reduce((product, size) => product * size, 1),
    );
    return dx;
  });
}

function inputGradient(
  module: KernelModule,
  filter: TensorInfo,
  dy: TensorInfo,
  shape: Shape4,
  slide: Slide,
): TensorInfo {
  const sizes = sizesOf(shape, filter.shape as unknown as Shape4, slide);
  requireShape("convolution: dy", dy, outShape(sizes));
  const dx = module.output(shape);
  const { chunk, integers, free } = workingMemory(module, sizes);
  module.run.convolutionInputGradient(
    module.at(filter),
    module.at(dy),
    module.at(dx),
    integers,
    0,
    sizes.images,
    chunk,
    free,
  );
  return dx;
}

/** The gradient with respect to a filter of this shape. */
export function filterGradient(
  module: KernelModule,
  input: TensorInfo,
  dy: TensorInfo,
  shape: Shape4,
  slide: Slide,
): TensorInfo {
  const sizes = sizesOf(input.shape as unknown as Shape4, shape, slide);
  requireShape("convolution: dy", dy, outShape(sizes));
  const dfilter = module.output(shape);
  const { chunk, integers, free } = workingMemory(module, sizes);
  const pixels = sizes.images * sizes.outHeight * sizes.outWidth;
  module.run.convolutionFilterGradient(
    module.at(input),
    module.at(dy),
    module.at(dfilter),
    integers,
    0,
    pixels,
    chunk,
    free,
  );
  return dfilter;
}

interface Sizes {
  readonly images: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  /** Number of floats under one position of the filter. */
  readonly window: number;
  /** In the form that the kernels take. */
  readonly integers: readonly number[];
}

function slideOf(
  input: readonly number[],
  filter: readonly number[],
  { strides, padding, dilation }: ConvolutionAttributes,
): Slide {
  const out = (axis: number): number =>
    Math.floor(((input[axis] ?? 0) + 2 * padding - dilation * ((filter[axis - 1] ?? 0) - 1) - 1) / strides) + 1;
  return {
    outSize: [out(1), out(2)],
    strides: [strides, strides],
    padding: [padding, padding],
    dilation: [dilation, dilation],
  };
}

function outShape({ images, outHeight, outWidth, outChannels }: Sizes): Shape4 {
  return [images, outHeight, outWidth, outChannels];
}

function sizesOf(input: Shape4, filter: Shape4, { outSize, strides, padding, dilation }: Slide): Sizes {
  const [filterHeight, filterWidth, channels, outChannels] = filter;
  if (channels !== input[3])
    throw new ShapeError(`convolution: filter expected [height, width, ${input[3]}, O], got [${filter.join(", ")}]`);
  const [outHeight, outWidth] = outSize;
  const integers = [
    ...input,
    filterHeight,
    filterWidth,
    outChannels,
    outHeight,
    outWidth,
    ...strides,
    ...padding,
    ...dilation,
  ];
  return {
    images: input[0],
    outHeight,
    outWidth,
    outChannels,
    window: filterHeight * filterWidth * input[3],
    integers,
  };
}

function workingMemory(
  module: KernelModule,
  { window, integers }: Sizes,
): { readonly chunk: number; readonly integers: number; readonly free: number } {
  const chunk = Math.min(mostWindows, Math.max(fewestWindows, Math.floor(windowBytes / (bytesPerFloat * window))));
  return { chunk, ...module.scratch(module.run.productScratch() + chunk * window * bytesPerFloat, integers) };
}
