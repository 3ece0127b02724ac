import { Random } from "@detrkit/common";
import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import { type Rank, grads, mul, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { test } from "vitest";
import {
  type OperandShape,
  randomOperands,
  randomShape,
  tensorsOf,
  withTensors,
} from "../../test-support/random-operands.ts";
import { composedDeformableAttention } from "../ops/composed.ts";
import { multiScaleDeformableAttention } from "../ops/multi-scale-deformable-attention.ts";
import { type DeformableAttentionOperands, operandSizes } from "../ops/operands.ts";
import { sampleGradients } from "./sample-gradients.ts";
import { sampleValues } from "./sample-values.ts";

/** The result and the gradients of a random weighting of it, by the loops over typed arrays. */
function byLoops(operands: DeformableAttentionOperands, upstream: Tensor): Float32Array[] {
  const [value, locations, weights] = tensorsOf(operands).map((each) => each.dataSync<"float32">()) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const values = { value, locations, weights, levelShapes: operands.levelShapes, sizes: operandSizes(operands) };
  const { byValue, byLocations, byWeights } = sampleGradients(values, upstream.dataSync<"float32">());
  return [sampleValues(values), byValue, byLocations, byWeights];
}

/** The same by an op on tensors. */
function byOp(
  attend: (operands: DeformableAttentionOperands) => Tensor,
  operands: DeformableAttentionOperands,
  upstream: Tensor,
): Float32Array[] {
  const compute = (...tensors: Tensor[]): Tensor => attend(withTensors(operands, tensors));
  const gradients = grads((...tensors: Tensor[]) => sum(mul(compute(...tensors), upstream)))(tensorsOf(operands));
  return [compute(...tensorsOf(operands)), ...gradients].map((tensor) => tensor.dataSync<"float32">());
}

/** Relative to the largest of each: single entries may be sums that nearly cancel. */
function expectSame(got: readonly Float32Array[], want: readonly Float32Array[]): void {
  want.forEach((expected, index) => {
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expectClose(got[index] as Float32Array, expected, { atol: 1e-5 * Math.max(1, largest) });
  });
}

describeOnBackends("kernels of multi-scale deformable attention", () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    "random shape %i: op, composition and loops agree in values and gradients, at borders and far outside too",
    (seed) => {
      tidy(() => {
        const shape = randomShape(seed);
        const operands = randomOperands(shape, seed, "anywhere");
        const upstream = uniformTensor<Rank.R3>([shape.B, shape.Q, shape.M * shape.C], { seed: 99 });
        const want = byLoops(operands, upstream);
        const budget = new Random(seed).integer(1, 200_000);
        expectSame(byOp(multiScaleDeformableAttention, operands, upstream), want);
        expectSame(
          byOp((given) => composedDeformableAttention(given, budget), operands, upstream),
          want,
        );
      });
    },
  );

  const shapes: readonly OperandShape[] = [
    {
      B: 2,
      Q: 2,
      M: 2,
      C: 3,
      P: 1,
      levels: [
        [3, 2],
        [2, 1],
      ],
    },
    { B: 1, Q: 5, M: 1, C: 2, P: 3, levels: [[1, 7]] },
  ];
  test.each(shapes)(
    "gradients equal finite differences: $B images, $Q queries, $M heads of width $C, $P points",
    (shape) => {
      tidy(() => {
        const operands = randomOperands(shape, 5, "smooth");
        for (const attend of [multiScaleDeformableAttention, composedDeformableAttention]) {
          expectGradients((...tensors) => attend(withTensors(operands, tensors)), tensorsOf(operands));
        }
      });
    },
  );
});
