import { ConfigError } from "@detrkit/common";
import {
  type DeformableAttentionAttributes,
  type DeformableSamplingAttributes,
  expectInteger,
  fusedKernels,
} from "@detrkit/nn";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";
import type { OpAttribute } from "../tfjs-node.ts";
import { defineKernel, type NativeCall } from "./define-kernel.ts";
import { floats } from "./kernel-inputs.ts";

const located = floats("value", "sampling locations", "attention weights");
const predicted = floats("value", "offsets", "logits", "reference points");
const upstream = floats("dresult");

/**
 * Multi-scale deformable attention: `native/deformable_attention.cc` and, from a layer's predictions,
 * `native/deformable_sampling.cc`.
 */
export function registerDeformableAttention(): void {
  defineKernel<DeformableAttentionAttributes>(fusedKernels.deformableAttention, { inputs: located }, (call) =>
    execute("DetrkitDeformableAttention", call, [], 1),
  );
  defineKernel<DeformableAttentionAttributes>(
    fusedKernels.deformableAttentionGradient,
    { inputs: [...located, ...upstream] },
    (call) => execute("DetrkitDeformableAttentionGradient", call, [], 3),
  );
  defineKernel<DeformableSamplingAttributes>(fusedKernels.deformableSampling, { inputs: predicted }, (call) =>
    execute("DetrkitDeformableSampling", call, headsAndPoints(call), 1),
  );
  defineKernel<DeformableSamplingAttributes>(
    fusedKernels.deformableSamplingGradient,
    { inputs: [...predicted, ...upstream] },
    (call) => execute("DetrkitDeformableSamplingGradient", call, headsAndPoints(call), 4),
  );
}

/**
 * Runs an op on the level shapes and the inputs. As an attribute, the shapes would have every new image size kept as
 * another kernel.
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
