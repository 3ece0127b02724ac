import { Random } from "@detrkit/common";
import {
  deformableAttentionGradientKernel,
  deformableAttentionKernel,
  deformableSamplingGradientKernel,
  deformableSamplingKernel,
} from "@detrkit/deformable-attention/kernels";
import { runKernel } from "@detrkit/nn/kernels";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";
import { cellsOf, type DeformableSizes, type Predictions, type Samples } from "./plain-deformable-attention.ts";

/** Values, and samples of them many of which are outside of the maps, some far away. */
export function drawSamples({ B, Q, M, C, P, levels }: DeformableSizes): Samples {
  const samples = B * Q * M * levels.length * P;
  return {
    value: draw(B * cellsOf(levels) * M * C, 1, -1, 1),
    locations: draw(samples * 2, 2, -0.4, 1.4).map((location, index) =>
      index % 37 === 36 ? location * 1e9 : location,
    ),
    weights: draw(samples, 3, -1, 1),
  };
}

/** Offsets and logits, and references that are points (2) or boxes (4). */
export function drawPredictions({ B, Q, M, P, levels }: DeformableSizes, referenceSize: 2 | 4): Predictions {
  const samples = B * Q * M * levels.length * P;
  return {
    offsets: draw(samples * 2, 5, -3, 3),
    logits: draw(samples, 6, -4, 4),
    references: draw(B * Q * levels.length * referenceSize, 7, 0.05, 0.95),
  };
}

/** A gradient with respect to the result. */
export function drawUpstream({ B, Q, M, C }: DeformableSizes): Float64Array {
  return draw(B * Q * M * C, 4, -1, 1);
}

/** Runs the op and its gradient: the result and the gradients of value, locations and weights. */
export function runAttention(
  { B, Q, M, C, P, levels }: DeformableSizes,
  { value, locations, weights }: Samples,
  upstream: Float64Array,
): Tensor[] {
  const points = [B, Q, M, levels.length, P];
  const operands = [float(value, [B, cellsOf(levels), M, C]), float(locations, [...points, 2]), float(weights, points)];
  const attributes = { levelShapes: levels };
  return [
    ...runKernel(deformableAttentionKernel, operands, attributes),
    ...runKernel(deformableAttentionGradientKernel, [...operands, float(upstream, [B, Q, M * C])], attributes),
  ];
}

/**
 * Runs the op on predictions and its gradient: the result and the gradients by value, offsets, logits and references.
 */
export function runSampling(
  sizes: DeformableSizes,
  value: Float64Array,
  { offsets, logits, references }: Predictions,
  upstream: Float64Array,
): Tensor[] {
  const { B, Q, M, C, P, levels } = sizes;
  const L = levels.length;
  const operands = [
    float(value, [B, cellsOf(levels), M * C]),
    float(offsets, [B, Q, M * L * P * 2]),
    float(logits, [B, Q, M * L * P]),
    float(references, [B, Q, L, references.length / (B * Q * L)]),
  ];
  const attributes = { heads: M, points: P, levelShapes: levels };
  return [
    ...runKernel(deformableSamplingKernel, operands, attributes),
    ...runKernel(deformableSamplingGradientKernel, [...operands, float(upstream, [B, Q, M * C])], attributes),
  ];
}

export function float(values: Float64Array, shape: number[]): Tensor {
  return tensor(Float32Array.from(values), shape, "float32");
}

/** Numbers that float32 holds exactly, so that double precision starts from the same. */
function draw(count: number, seed: number, low: number, high: number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => Math.fround(random.uniform(low, high)));
}
