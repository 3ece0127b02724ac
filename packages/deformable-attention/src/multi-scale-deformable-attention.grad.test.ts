import { Random } from "@detrkit/common";
import { describeOnBackends, expectGradients, uniformTensor } from "@detrkit/test-utils";
import { grads, type Rank, sum, type Tensor, tensor2d, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { MultiScaleDeformableAttention } from "./multi-scale-deformable-attention.ts";

describeOnBackends("gradients of the module", () => {
  test.each([2, 4] as const)(
    "reference points of %i coordinates: by queries, memory, reference points and every parameter",
    (coordinates) => {
      const attention = new MultiScaleDeformableAttention({
        dim: 4,
        heads: 2,
        levels: 2,
        points: 2,
        random: new Random(1),
      });
      const levelShapes = [
        { height: 3, width: 2 },
        { height: 2, width: 1 },
      ];
      // Small enough weights for no point to come to a cell's centre line, where the derivative jumps.
      attention.samplingOffsets.weight.assign(uniformTensor<Rank.R2>([4, 16], { seed: 2, low: -0.02, high: 0.02 }));
      attention.samplingOffsets.bias?.assign(uniformTensor<Rank.R1>([16], { seed: 3, low: -0.02, high: 0.02 }));
      attention.attentionWeights.weight.assign(uniformTensor<Rank.R2>([4, 8], { seed: 4 }));
      tidy(() => {
        const queries = uniformTensor<Rank.R3>([1, 3, 4], { seed: 5 });
        const memory = uniformTensor<Rank.R3>([1, 8, 4], { seed: 6 });
        const memoryPaddingMask = tensor2d([[0, 0, 0, 0, 1, 0, 0, 0]], [1, 8], "bool");
        // A quarter of a cell off the centres of either map.
        const referencePoints = uniformTensor<Rank.R4>([1, 3, 2, coordinates], { seed: 7, low: 0.36, high: 0.38 });
        const compute = (...[queries, memory, referencePoints]: Tensor[]): Tensor =>
          attention.call({
            queries: queries as Tensor3D,
            memory: memory as Tensor3D,
            memoryPaddingMask,
            referencePoints,
            levelShapes,
          });
        const variables = [...attention.parameters().values()].map(({ value }) => value);
        expectGradients(compute, [queries, memory, referencePoints], { variables });
      });
      attention.dispose();
    },
  );

  test("what padding holds has no gradient", () => {
    const attention = new MultiScaleDeformableAttention({
      dim: 2,
      heads: 1,
      levels: 1,
      points: 4,
      random: new Random(1),
    });
    tidy(() => {
      const queries = uniformTensor<Rank.R3>([1, 29, 2], { seed: 1 });
      const referencePoints = uniformTensor<Rank.R4>([1, 29, 1, 2], { seed: 2, low: -1, high: 1 });
      const memoryPaddingMask = tensor2d([[0, 1, 0, 1, 0, 1]], [1, 6], "bool");
      const compute = (memory: Tensor): Tensor =>
        sum(
          attention.call({
            queries,
            memory: memory as Tensor3D,
            memoryPaddingMask,
            referencePoints,
            levelShapes: [{ height: 3, width: 2 }],
          }),
        );
      const [byMemory] = grads(compute)([uniformTensor<Rank.R3>([1, 6, 2], { seed: 3 })]) as [Tensor];
      const rows = (byMemory as Tensor3D).arraySync()[0] ?? [];
      expect(rows.map((row) => row.some((entry) => entry !== 0))).toEqual([true, false, true, false, true, false]);
    });
    attention.dispose();
  });
});
