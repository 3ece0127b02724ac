import { type ConvolutionAttributes, fusedKernels, runKernel } from "@detrkit/nn";
import { sum, type Tensor, tensor1d, tensor4d, tidy } from "@tensorflow/tfjs-core";
import type { NodeBackend, OpAttribute } from "../tfjs-node.ts";
import type { AttributeWriter } from "./attributes.ts";
import { defineGradient, defineKernel, type NativeCall } from "./define-kernel.ts";

/** Attributes of the two gradient kernels: how the convolution went, and the shape of what its gradient is taken by. */
interface GradientAttributes extends ConvolutionAttributes {
  readonly shape: readonly number[];
}

/**
 * Convolution by TensorFlow's own kernels. Where oneDNN's fused one runs (x86; `oneDnn`), bias, residual and ReLU cost no op
 * and no pass over memory of their own. Inputs: input, filter, then bias and residual where the attributes say so.
 */
export function registerConvolution(oneDnn: boolean): void {
  defineKernel<ConvolutionAttributes>(fusedKernels.convolution, (call) => (oneDnn ? fusedConvolution(call) : plainConvolution(call)));
  defineKernel<GradientAttributes>(fusedKernels.convolutionInputGradient, (call) => gradientOf("Conv2DBackpropInput", call, oneDnn));
  defineKernel<GradientAttributes>(fusedKernels.convolutionFilterGradient, (call) => gradientOf("Conv2DBackpropFilter", call, oneDnn));
  defineGradient<ConvolutionAttributes>(fusedKernels.convolution, 1, ([upstream], saved, attributes) => {
    const [input, filter] = saved as [Tensor, Tensor];
    const dy = attributes.relu ? maskedByRelu(upstream as Tensor, saved.at(-1) as Tensor) : (upstream as Tensor);
    return [
      () => runKernel(fusedKernels.convolutionInputGradient, [filter, dy], { ...attributes, shape: input.shape })[0] as Tensor,
      () => runKernel(fusedKernels.convolutionFilterGradient, [input, dy], { ...attributes, shape: filter.shape })[0] as Tensor,
      ...(attributes.bias ? [() => sum(dy, [0, 1, 2])] : []),
      ...(attributes.residual ? [() => dy.clone()] : []),
    ];
  });
}

/** Whether oneDNN's fused convolution runs here: it is asked for one product. */
export function oneDnnConvolutionRuns(backend: NodeBackend, write: AttributeWriter): boolean {
  return tidy(() => {
    try {
      const [input, filter, bias] = [tensor4d([-3], [1, 1, 1, 1]), tensor4d([2], [1, 1, 1, 1]), tensor1d([7])];
      const attributes: ConvolutionAttributes = { strides: 1, padding: 0, dilation: 1, relu: true, bias: true, residual: false };
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
    // The fused kernel always adds a bias; what is asked for without one is a bare convolution nearly always.
    const output = backend.executeSingleOutput("_MklNativeConv2D", [...slide(attributes, write), renamed(write)], inputs.slice(0, 2));
    return finish(output, inputs[2], residual, relu, call);
  }
  const fused = ["BiasAdd", ...(residual ? ["Add"] : []), ...(relu ? ["Relu"] : [])].join(",");
  const types = inputs.slice(2).map(() => backend.binding.TF_FLOAT);
  return backend.executeSingleOutput(
    "_MklNativeFusedConv2D",
    [
      ...slide(attributes, write),
      write.int("num_args", types.length),
      write.int("TArgs", types),
      write.text("fused_ops", fused),
      // Its cache of reordered filters belongs to the kernel, which all layers of the same attributes share.
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
  if (attributes.bias) output = replaced(output, backend.executeSingleOutput("BiasAdd", [write.float32], [output, inputs[2] as Tensor]));
  return finish(output, inputs[attributes.bias ? 3 : 2], attributes.residual, attributes.relu, call);
}

function finish(output: Tensor, residual: Tensor | undefined, hasResidual: boolean, relu: boolean, { backend, write }: NativeCall<unknown>): Tensor {
  let result = output;
  if (hasResidual) result = replaced(result, backend.executeSingleOutput("AddV2", [write.float32], [result, residual as Tensor]));
  return relu ? replaced(result, backend.executeSingleOutput("Relu", [write.float32], [result])) : result;
}

function replaced(old: Tensor, result: Tensor): Tensor {
  old.dispose();
  return result;
}

function gradientOf(op: "Conv2DBackpropInput" | "Conv2DBackpropFilter", { inputs, attributes, backend, write }: NativeCall<GradientAttributes>, oneDnn: boolean): Tensor {
  const shape = tensor1d([...attributes.shape], "int32");
  const [other, dy] = inputs as [Tensor, Tensor];
  const operands = op === "Conv2DBackpropInput" ? [shape, other, dy] : [other, shape, dy];
  const filterShape = op === "Conv2DBackpropInput" ? other.shape : attributes.shape;
  const padding = namedPadding(attributes, filterShape);
  // oneDNN's gradients know the named paddings only; the general kernel (slower) takes any.
  const gradient =
    oneDnn && padding !== undefined
      ? backend.executeSingleOutput(`_MklNative${op}`, [...slide(attributes, write, padding), renamed(write)], operands)
      : backend.executeSingleOutput(op, slide(attributes, write), operands);
  shape.dispose();
  return gradient;
}

/** TensorFlow's name of a padding, where it has one. "SAME" splits unevenly for strides above 1. */
function namedPadding({ strides, padding, dilation }: ConvolutionAttributes, filterShape: readonly number[]): "VALID" | "SAME" | undefined {
  if (padding === 0) return "VALID";
  const keepsSize = filterShape.slice(0, 2).every((size) => dilation * (size - 1) === 2 * padding);
  return strides === 1 && keepsSize ? "SAME" : undefined;
}

function slide({ strides, padding, dilation }: ConvolutionAttributes, write: AttributeWriter, named?: "VALID" | "SAME"): OpAttribute[] {
  return [
    write.float32,
    write.int("strides", [1, strides, strides, 1]),
    write.text("padding", named ?? "EXPLICIT"),
    ...(named === undefined ? [write.int("explicit_paddings", [0, 0, padding, padding, padding, padding, 0, 0])] : []),
    write.text("data_format", "NHWC"),
    write.int("dilations", [1, dilation, dilation, 1]),
  ];
}

/** Tells TensorFlow that this oneDNN kernel takes plain tensors in place of the op it is named after. */
function renamed(write: AttributeWriter): OpAttribute {
  return write.text("_kernel", "MklNameChangeOp");
}

function maskedByRelu(dy: Tensor, output: Tensor): Tensor {
  return runKernel(fusedKernels.reluGradient, [dy, output], {})[0] as Tensor;
}

/** The gradient of ReLU by its output: `dy` where that is positive, else 0. */
export function registerReluGradient(): void {
  defineKernel<unknown>(fusedKernels.reluGradient, ({ inputs, backend, write }) => backend.executeSingleOutput("ReluGrad", [write.float32], inputs));
}
