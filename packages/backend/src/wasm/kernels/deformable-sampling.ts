import { ShapeError } from "@detrkit/common";
import { type DeformableSamplingAttributes, fusedKernels } from "@detrkit/nn";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { defineKernel, requireShape } from "../define-kernel.ts";
import type { KernelModule } from "../kernel-module.ts";

/**
 * Multi-scale deformable attention from a layer's predictions: `kernels/deformable.ts`. Inputs value, offsets, logits,
 * references.
 */
export function registerDeformableSampling(module: KernelModule): void {
  defineKernel<DeformableSamplingAttributes>(fusedKernels.deformableSampling, ({ inputs, attributes }) => {
    const { operands, sizes, images, queries, width, free } = prepare(module, inputs, attributes);
    const result = module.output([images, queries, width]);
    module.run.deformableSampling(...operands, ...sizes, module.at(result), 0, images * queries, free);
    return result;
  });
  // One more input: the result's gradient.
  defineKernel<DeformableSamplingAttributes>(fusedKernels.deformableSamplingGradient, ({ inputs, attributes }) => {
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
  // A row of zeros and one for what falls outside, then a head's weights in whole vectors.
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
