import { Random } from "@detrkit/common";
import { describeOnFusedBackends, expectClose, uniformTensor, withoutKernels } from "@detrkit/test-utils";
import type { AttentionInputs } from "@detrkit/transformer";
import {
  grads,
  mul,
  type Rank,
  sum,
  type Tensor,
  tensor2d,
  type Tensor3D,
  tidy,
  variableGrads,
} from "@tensorflow/tfjs-core";
import { test } from "vitest";
import { randomShape } from "../test-support/random-operands.ts";
import { MultiScaleDeformableAttention } from "./multi-scale-deformable-attention.ts";
import { deformableAttentionKernel, deformableSamplingKernel } from "./kernels/names.ts";

describeOnFusedBackends("sampling from predictions", () => {
  // The kernel that takes a layer's predictions as they are has no place in the op's own tests.
  test.each(Array.from({ length: 24 }, (_, seed) => seed))(
    "random shape %i: the module gives the same with all kernels, with the sampling kernel alone, and with none",
    (seed) => {
      const { B, Q, M, C, P, levels } = randomShape(seed);
      const [L, D] = [levels.length, M * C];
      const levelShapes = levels.map(([height, width]) => ({ height, width }));
      const S = levels.reduce((cells, [height, width]) => cells + height * width, 0);
      const attention = new MultiScaleDeformableAttention({
        dim: D,
        heads: M,
        levels: L,
        points: P,
        random: new Random(seed),
      });
      attention.samplingOffsets.weight.assign(uniformTensor<Rank.R2>([D, M * L * P * 2], { seed }));
      attention.attentionWeights.weight.assign(uniformTensor<Rank.R2>([D, M * L * P], { seed: seed + 1 }));
      tidy(() => {
        const inputs = [
          uniformTensor<Rank.R3>([B, Q, D], { seed: seed + 2 }),
          uniformTensor<Rank.R3>([B, S, D], { seed: seed + 3 }),
          uniformTensor<Rank.R4>([B, Q, L, seed % 2 === 0 ? 2 : 4], { seed: seed + 4, low: -0.2, high: 1.2 }),
        ];
        const paddingMask = tensor2d(
          Array.from({ length: B * S }, (_, index) => (index % 7 === 3 ? 1 : 0)),
          [B, S],
          "bool",
        );
        const given: Partial<AttentionInputs> = {
          levelShapes,
          memoryPaddingMask: seed % 3 === 0 ? undefined : paddingMask,
        };
        const compute = (...[queries, memory, referencePoints]: Tensor[]): Tensor =>
          attention.call({ queries: queries as Tensor3D, memory: memory as Tensor3D, referencePoints, ...given });
        const upstream = uniformTensor<Rank.R3>([B, Q, D], { seed: seed + 5 });
        const weighted = (...tensors: Tensor[]): Tensor<Rank.R0> => sum(mul(compute(...tensors), upstream));
        const run = (): Tensor[] => {
          const byParameter = variableGrads(
            () => weighted(...inputs),
            [...attention.parameters().values()].map(({ value }) => value),
          ).grads;
          return [compute(...inputs), ...grads(weighted)(inputs), ...Object.values(byParameter)];
        };
        const fused = run();
        const others = [
          withoutKernels(run, [deformableSamplingKernel]),
          withoutKernels(run, [deformableSamplingKernel, deformableAttentionKernel]),
        ];
        for (const other of others) {
          fused.forEach((got, index) => {
            const want = other[index] as Tensor;
            const largest = want.dataSync<"float32">().reduce((most, value) => Math.max(most, Math.abs(value)), 0);
            expectClose(got, want, { rtol: 2e-5, atol: 2e-5 * Math.max(1, largest) });
          });
        }
      });
      attention.dispose();
    },
  );
});
