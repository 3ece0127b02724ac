import { ConfigError, ShapeError } from "@detrkit/common";
import {
  type DeformableAttentionAttributes,
  deformableAttentionGradientKernel,
  deformableAttentionKernel,
  type DeformableSamplingAttributes,
  deformableSamplingGradientKernel,
  deformableSamplingKernel,
} from "@detrkit/deformable-attention/kernels";
import { expectInteger } from "@detrkit/nn";
import type { OpAttribute } from "@detrkit/nn/tfjs-internals";
import { tensor, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { defineNativeKernel, type NativeCall } from "../../native/define-kernel.ts";
import { floats } from "../../native/kernel-inputs.ts";
import { defineWasmKernel, requireShape } from "../../wasm/define-kernel.ts";
import type { KernelModule } from "../../wasm/kernel-module.ts";
import type { OpKernels } from "../op-kernels.ts";

const located = floats("value", "sampling locations", "attention weights");
const predicted = floats("value", "offsets", "logits", "reference points");
const upstream = floats("dresult");

/**
 * Multi-scale deformable attention: `deformable_attention.cc` and, from the offsets and logits that a layer predicts,
 * `deformable_sampling.cc`.
 */
function registerNative(): void {
  defineNativeKernel<DeformableAttentionAttributes>(deformableAttentionKernel, { inputs: located }, (call) =>
    execute("DetrkitDeformableAttention", call, [], 1),
  );
  defineNativeKernel<DeformableAttentionAttributes>(
    deformableAttentionGradientKernel,
    { inputs: [...located, ...upstream] },
    (call) => execute("DetrkitDeformableAttentionGradient", call, [], 3),
  );
  defineNativeKernel<DeformableSamplingAttributes>(deformableSamplingKernel, { inputs: predicted }, (call) =>
    execute("DetrkitDeformableSampling", call, headsAndPoints(call), 1),
  );
  defineNativeKernel<DeformableSamplingAttributes>(
    deformableSamplingGradientKernel,
    { inputs: [...predicted, ...upstream] },
    (call) => execute("DetrkitDeformableSamplingGradient", call, headsAndPoints(call), 4),
  );
}

/**
 * Runs an op on the level shapes and the inputs. As an attribute, the shapes would make TensorFlow cache another kernel
 * for every image size.
 */
function execute(
  op: string,
  call: NativeCall<DeformableAttentionAttributes>,
  attributes: readonly OpAttribute[],
  outputs: number,
): Tensor | Tensor[] {
  const { levelShapes } = call.attributes;
  if (!Array.isArray(levelShapes))
    throw new ConfigError(`${op}: levelShapes expected a list of heights and widths, got ${typeof levelShapes}`);
  for (const { height, width } of levelShapes) {
    expectInteger(height, `${op}: a level's height`, 0);
    expectInteger(width, `${op}: a level's width`, 0);
  }
  const shapes = tensor(
    levelShapes.flatMap(({ height, width }) => [height, width]),
    [levelShapes.length, 2],
    "int32",
  );
  try {
    const inputs = [shapes, ...call.inputs];
    return outputs === 1
      ? call.backend.executeSingleOutput(op, attributes, inputs)
      : call.backend.executeMultipleOutputs(op, attributes, inputs, outputs);
  } finally {
    shapes.dispose();
  }
}

function headsAndPoints({ attributes, write }: NativeCall<DeformableSamplingAttributes>): readonly OpAttribute[] {
  return [write.int("heads", attributes.heads), write.int("points", attributes.points)];
}

/**
 * Multi-scale deformable attention from a layer's predictions: `deformable-sampling.as.ts`. Inputs: value, offsets,
 * logits, reference points.
 */
function registerWasm(module: KernelModule): void {
  defineWasmKernel<DeformableSamplingAttributes>(deformableSamplingKernel, ({ inputs, attributes }) => {
    const { operands, sizes, images, queries, width, free } = prepare(module, inputs, attributes);
    const result = module.output([images, queries, width]);
    module.run.deformableSampling(...operands, ...sizes, module.at(result), 0, images * queries, free);
    return result;
  });
  // One more input: the result's gradient.
  defineWasmKernel<DeformableSamplingAttributes>(deformableSamplingGradientKernel, ({ inputs, attributes }) => {
    const { operands, sizes, images, queries, width, free } = prepare(module, inputs, attributes);
    requireShape("deformable attention: dresult", inputs[4], [images, queries, width]);
    const outputs = inputs.slice(0, 4).map(({ shape }) => module.output(shape));
    module.run.deformableSamplingGradient(
      ...operands,
      ...sizes,
      ...[inputs[4], ...outputs].map((tensor) => module.at(tensor)),
      0,
      images,
      free,
    );
    return outputs;
  });
}

function prepare(
  module: KernelModule,
  inputs: readonly TensorInfo[],
  { levelShapes, heads, points }: DeformableSamplingAttributes,
) {
  const [value, offsets, logits, references] = inputs as [TensorInfo, TensorInfo, TensorInfo, TensorInfo];
  const [images, cells, width] = value.shape as [number, number, number];
  const queries = offsets.shape[1] ?? 0;
  let first = 0;
  const levels = levelShapes.flatMap(({ height, width: columns }) => {
    first += height * columns;
    return [height, columns, first - height * columns];
  });
  if (first !== cells)
    throw new ShapeError(`deformable attention: value has ${cells} cells, the levels together have ${first}`);
  const samples = heads * levelShapes.length * points;
  requireShape("deformable attention: offsets", offsets, [images, queries, 2 * samples]);
  requireShape("deformable attention: logits", logits, [images, queries, samples]);
  requireShape("deformable attention: reference points", references, [
    images,
    queries,
    levelShapes.length,
    references.shape.at(-1) === 4 ? 4 : 2,
  ]);
  // A row of zeros and one for gradients of cells outside, then a head's weights, padded to whole vectors.
  const { integers, free } = module.scratch(4 * (2 * width + levelShapes.length * points + 3), levels);
  return {
    operands: [...inputs.slice(0, 4).map((tensor) => module.at(tensor)), references.shape.at(-1) ?? 2],
    sizes: [integers, levelShapes.length, heads, points, queries, cells, width],
    images,
    queries,
    width,
    free,
  };
}

/** Multi-scale deformable attention; its package registers the gradients together with its own kernels. */
export const deformableAttentionKernels: OpKernels = { registerNative, registerWasm };
