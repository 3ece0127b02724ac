import { ConfigError, ShapeError } from "@detrkit/common";
import { convolutionShape, expectInteger, expectShape, leastSliding } from "@detrkit/nn";
import type { ConvolutionAttributes } from "@detrkit/nn/kernels";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { ConvolutionGradientAttributes } from "./convolution-gradient.ts";
import { floats, type KernelInput } from "../../native/kernel-inputs.ts";

const inputsByFlags = [
  floats("input", "filter"),
  floats("input", "filter", "bias"),
  floats("input", "filter", "residual"),
  floats("input", "filter", "bias", "residual"),
];

export function convolutionInputs({ bias, residual }: ConvolutionAttributes): readonly KernelInput[] {
  return inputsByFlags[(bias ? 1 : 0) + (residual ? 2 : 0)] as readonly KernelInput[];
}

/**
 * Checks the operands of a convolution: oneDNN does not check shapes, and TensorFlow's kernels return wrong shapes for
 * an empty one.
 *
 * @returns the attributes to use
 */
export function expectConvolution(
  kernel: string,
  [input, filter, ...rest]: readonly Tensor[],
  attributes: ConvolutionAttributes,
): ConvolutionAttributes {
  const shape = expectSlide(kernel, (input as Tensor).shape, (filter as Tensor).shape, attributes);
  if (attributes.bias) expectShape((rest[0] as Tensor).shape, `${kernel}: bias`, [shape[3] as number]);
  if (attributes.residual) expectShape((rest.at(-1) as Tensor).shape, `${kernel}: residual`, shape);
  return { ...attributes, ...leastSliding((input as Tensor).shape, (filter as Tensor).shape, attributes) };
}

/** The same for the gradient with respect to the input, from filter and `dy`, or to the filter, from input and `dy`. */
export function expectConvolutionGradient(
  kernel: string,
  [other, dy]: readonly Tensor[],
  attributes: ConvolutionGradientAttributes,
  byInput: boolean,
): ConvolutionGradientAttributes {
  const { shape } = attributes;
  if (!Array.isArray(shape)) throw new ConfigError(`${kernel}: shape expected a list of sizes, got ${typeof shape}`);
  for (const size of shape) expectInteger(size as number, `${kernel}: shape`, 0);
  const given = (other as Tensor).shape;
  const [input, filter] = byInput ? [shape, given] : [given, shape];
  expectShape((dy as Tensor).shape, `${kernel}: dy`, expectSlide(kernel, input, filter, attributes));
  return { ...attributes, ...leastSliding(input, filter, attributes) };
}

function expectSlide(
  kernel: string,
  input: readonly number[],
  filter: readonly number[],
  attributes: ConvolutionAttributes,
): readonly number[] {
  const result = convolutionShape(input, filter, attributes);
  if ([...input, ...filter, ...result].includes(0)) {
    throw new ShapeError(
      `${kernel} expected operands that are not empty, got input [${input.join(", ")}] and ` +
        `filter [${filter.join(", ")}]; ` +
        "for empty ones the op of @detrkit/nn does not use this kernel",
    );
  }
  return result;
}
