import { expectShape } from "@detrkit/nn";
import {
  type ConvolutionAttributes,
  convolutionFilterGradientKernel,
  convolutionInputGradientKernel,
  convolutionKernel,
  reluGradientKernel,
} from "@detrkit/nn/kernels";
import type { OpAttribute, TensorflowBackend } from "@detrkit/nn/tfjs-internals";
import { pad, slice, stridedSlice, type Tensor, tensor1d, tensor4d, tidy } from "@tensorflow/tfjs-core";
import type { AttributeWriter } from "../../native/attributes.ts";
import type { ConvolutionGradientAttributes } from "./convolution-gradient.ts";
import { convolutionInputs, expectConvolution, expectConvolutionGradient } from "./convolution-operands.ts";
import { defineNativeKernel, type NativeCall } from "../../native/define-kernel.ts";
import { floats } from "../../native/kernel-inputs.ts";

/** Float32 values in the widest vector register (AVX-512). */
const vectorLanes = 16;

/**
 * Convolution by TensorFlow's own kernels. Where oneDNN's fused one runs (x86; `oneDnn`), bias, residual and ReLU need
 * no separate op and no separate pass over memory. Its ReLU turns NaN into 0, so the optimiser refuses gradients that
 * are not finite. Inputs: input, filter, then bias and residual if the attributes say so.
 */
export function registerTensorflowConvolution(oneDnn: boolean): void {
  defineNativeKernel<ConvolutionAttributes>(convolutionKernel, { inputs: convolutionInputs }, (given) => {
    const call = { ...given, attributes: expectConvolution(convolutionKernel, given.inputs, given.attributes) };
    return oneDnn ? fusedConvolution(call) : plainConvolution(call);
  });
  defineNativeKernel<ConvolutionGradientAttributes>(
    convolutionInputGradientKernel,
    { inputs: floats("filter", "dy") },
    (given) => {
      const attributes = expectConvolutionGradient(
        convolutionInputGradientKernel,
        given.inputs,
        given.attributes,
        true,
      );
      return gradientOf("Conv2DBackpropInput", { ...given, attributes }, oneDnn);
    },
  );
  defineNativeKernel<ConvolutionGradientAttributes>(
    convolutionFilterGradientKernel,
    { inputs: floats("input", "dy") },
    (given) => {
      const attributes = expectConvolutionGradient(
        convolutionFilterGradientKernel,
        given.inputs,
        given.attributes,
        false,
      );
      return gradientOf("Conv2DBackpropFilter", { ...given, attributes }, oneDnn);
    },
  );
  registerReluGradient();
}

/** Whether oneDNN's fused convolution runs on this machine: it is tried on one product. */
export function oneDnnConvolutionRuns(backend: TensorflowBackend, write: AttributeWriter): boolean {
  return tidy(() => {
    try {
      const [input, filter, bias] = [tensor4d([-3], [1, 1, 1, 1]), tensor4d([2], [1, 1, 1, 1]), tensor1d([7])];
      const attributes: ConvolutionAttributes = {
        strides: 1,
        padding: 0,
        dilation: 1,
        relu: true,
        bias: true,
        residual: false,
      };
      return fusedConvolution({ inputs: [input, filter, bias], attributes, backend, write }).dataSync()[0] === 1;
    } catch {
      return false;
    }
  });
}

function fusedConvolution(call: NativeCall<ConvolutionAttributes>): Tensor {
  const { inputs, attributes, backend, write } = call;
  const { bias, residual, relu } = attributes;
  if (!bias) {
    // The fused kernel always adds a bias; calls without a bias are nearly always bare convolutions.
    const output = backend.executeSingleOutput(
      "_MklNativeConv2D",
      [...slide(attributes, write), renamed(write)],
      inputs.slice(0, 2),
    );
    return finish(output, inputs[2], residual, relu, call);
  }
  const fused = ["BiasAdd", ...(residual ? ["Add"] : []), ...(relu ? ["Relu"] : [])].join(",");
  const types = inputs.slice(2).map(() => backend.binding.TF_FLOAT);
  return backend.executeSingleOutput(
    "_MklNativeFusedConv2D",
    [
      ...slide(attributes, write),
      write.int("num_args", types.length),
      write.ints("TArgs", types),
      write.text("fused_ops", fused),
      // Its cache of reordered filters belongs to the kernel, which all layers with the same attributes share.
      write.flag("is_filter_const", false),
      renamed(write),
    ],
    inputs,
  );
}

function plainConvolution(call: NativeCall<ConvolutionAttributes>): Tensor {
  const { inputs, attributes, backend, write } = call;
  const [input, filter] = inputs as [Tensor, Tensor];
  let output = backend.executeSingleOutput("Conv2D", slide(attributes, write), [input, filter]);
  if (attributes.bias)
    output = replaced(output, backend.executeSingleOutput("BiasAdd", [write.float32], [output, inputs[2] as Tensor]));
  return finish(output, inputs[attributes.bias ? 3 : 2], attributes.residual, attributes.relu, call);
}

function finish(
  output: Tensor,
  residual: Tensor | undefined,
  hasResidual: boolean,
  relu: boolean,
  { backend, write }: NativeCall<unknown>,
): Tensor {
  let result = output;
  if (hasResidual)
    result = replaced(result, backend.executeSingleOutput("AddV2", [write.float32], [result, residual as Tensor]));
  return relu ? replaced(result, backend.executeSingleOutput("Relu", [write.float32], [result])) : result;
}

function replaced(old: Tensor, result: Tensor): Tensor {
  old.dispose();
  return result;
}

function gradientOf(
  op: "Conv2DBackpropInput" | "Conv2DBackpropFilter",
  call: NativeCall<ConvolutionGradientAttributes>,
  oneDnn: boolean,
): Tensor {
  const { inputs, attributes, backend, write } = call;
  const [other, dy] = inputs as [Tensor, Tensor];
  const byInput = op === "Conv2DBackpropInput";
  const padding = namedPadding(attributes, byInput ? other.shape : attributes.shape);
  // oneDNN's gradients support only named paddings and no dilation; the general kernel (slower) takes any padding.
  if (!oneDnn || attributes.dilation > 1)
    return gradientOp(op, slide(attributes, write), attributes.shape, [other, dy], backend);
  const again = (input: Tensor, changed: Partial<ConvolutionGradientAttributes>): Tensor =>
    replaced(
      input,
      gradientOf(op, { ...call, inputs: [input, dy], attributes: { ...attributes, ...changed } }, oneDnn),
    );
  if (!byInput && overrunsOneDnn(attributes)) {
    const { strides } = attributes;
    return again(stridedSlice(other, [0, 0, 0, 0], other.shape, [1, strides, strides, 1]), { strides: 1 });
  }
  const run = (shape: readonly number[], tensor: Tensor, named: "VALID" | "SAME"): Tensor =>
    gradientOp(`_MklNative${op}`, [...slide(attributes, write, named), renamed(write)], shape, [tensor, dy], backend);
  if (padding !== undefined) return run(attributes.shape, other, padding);
  const { padding: width } = attributes;
  if (byInput) {
    const [images, height, columns, channels] = attributes.shape as [number, number, number, number];
    const padded = run([images, height + 2 * width, columns + 2 * width, channels], other, "VALID");
    return replaced(padded, slice(padded, [0, width, width, 0], [images, height, columns, channels]));
  }
  return again(
    pad(other, [
      [0, 0],
      [width, width],
      [width, width],
      [0, 0],
    ]),
    { padding: 0 },
  );
}

/**
 * Whether oneDNN's filter gradient would write beyond its own buffers (seen in TensorFlow 2.21: heap corruption and
 * crashes): a strided 1×1 filter over fewer channels than a vector has lanes. Such a filter meets every `strides`-th
 * cell, so these cells at stride 1 give the same gradient.
 */
function overrunsOneDnn({ shape, strides, padding }: ConvolutionGradientAttributes): boolean {
  const [height, width, channels] = shape as [number, number, number, number];
  return height === 1 && width === 1 && strides > 1 && padding === 0 && channels < vectorLanes;
}

function gradientOp(
  op: string,
  attributes: readonly OpAttribute[],
  shape: readonly number[],
  [other, dy]: readonly [Tensor, Tensor],
  backend: TensorflowBackend,
): Tensor {
  const sizes = tensor1d([...shape], "int32");
  try {
    return backend.executeSingleOutput(op, attributes, op.endsWith("Input") ? [sizes, other, dy] : [other, sizes, dy]);
  } finally {
    sizes.dispose();
  }
}

/** TensorFlow's name of a padding, if it has one. "SAME" splits unevenly for strides above 1. */
function namedPadding(
  { strides, padding, dilation }: ConvolutionAttributes,
  filterShape: readonly number[],
): "VALID" | "SAME" | undefined {
  if (padding === 0) return "VALID";
  const keepsSize = filterShape.slice(0, 2).every((size) => dilation * (size - 1) === 2 * padding);
  return strides === 1 && keepsSize ? "SAME" : undefined;
}

function slide(
  { strides, padding, dilation }: ConvolutionAttributes,
  write: AttributeWriter,
  named?: "VALID" | "SAME",
): OpAttribute[] {
  return [
    write.float32,
    write.ints("strides", [1, strides, strides, 1]),
    write.text("padding", named ?? "EXPLICIT"),
    ...(named === undefined ? [write.ints("explicit_paddings", [0, 0, padding, padding, padding, padding, 0, 0])] : []),
    write.text("data_format", "NHWC"),
    write.ints("dilations", [1, dilation, dilation, 1]),
  ];
}

/** Tells TensorFlow that this oneDNN kernel takes plain tensors in place of the op it is named after. */
function renamed(write: AttributeWriter): OpAttribute {
  return write.text("_kernel", "MklNameChangeOp");
}

/** The gradient of ReLU from its output: `dy` where the output is positive, else 0. */
function registerReluGradient(): void {
  defineNativeKernel<unknown>(reluGradientKernel, { inputs: floats("dy", "y") }, ({ inputs, backend, write }) => {
    const [dy, y] = inputs as [Tensor, Tensor];
    expectShape(dy.shape, `${reluGradientKernel}: dy`, y.shape);
    return backend.executeSingleOutput("ReluGrad", [write.float32], inputs);
  });
}
