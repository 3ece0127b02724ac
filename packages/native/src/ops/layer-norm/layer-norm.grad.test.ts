import { layerNorm } from "@detrkit/nn";
import { describeOnFusedBackends, uniformTensor, useBackend } from "@detrkit/test-utils";
import { add, type Rank, type Tensor, type Tensor1D, type Tensor2D, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectAsPlain } from "../../../test-support/compare-with-plain.ts";

const epsilon = 1e-5;

describeOnFusedBackends("layer norm", () => {
  test.each([[[1, 2]], [[1, 17]], [[7, 3]], [[5, 11, 13]], [[2, 3, 64]], [[2, 1009, 31]], [[3, 256]]])(
    "layer norm of %j, with and without residual",
    (shape) => {
      tidy(() => {
        const [input, residual] = [
          uniformTensor(shape as [number], { seed: 1, low: 2, high: 5 }),
          uniformTensor(shape as [number], { seed: 2 }),
        ];
        const [weight, bias] = [
          uniformTensor<Rank.R1>([shape.at(-1) as number], { seed: 3 }),
          uniformTensor<Rank.R1>([shape.at(-1) as number], { seed: 4 }),
        ];
        const compute = (x: Tensor, w: Tensor, b: Tensor, r?: Tensor): Tensor =>
          layerNorm(x, w as Tensor1D, b as Tensor1D, epsilon, r);
        expectAsPlain(compute as (...operands: Tensor[]) => Tensor, [input, weight, bias], { atol: 1e-4 });
        expectAsPlain(compute as (...operands: Tensor[]) => Tensor, [input, weight, bias, residual], { atol: 1e-4 });
      });
    },
  );

  test("layer norm keeps its digits far from zero", () => {
    tidy(() => {
      const input = add(uniformTensor<Rank.R2>([3, 101], { seed: 1 }), 1000) as Tensor2D;
      const ones = uniformTensor<Rank.R1>([101], { seed: 2, low: 1, high: 1 });
      const zeros = uniformTensor<Rank.R1>([101], { seed: 2, low: 0, high: 0 });
      const rows = layerNorm(input, ones, zeros, epsilon).arraySync();
      for (const row of rows) {
        expect(Math.abs(row.reduce((total, value) => total + value, 0) / 101)).toBeLessThan(1e-3);
        expect(row.reduce((total, value) => total + value * value, 0) / 101).toBeCloseTo(1, 3);
      }
    });
  });

  test("NaN gives NaN in its own row, and in no other", () => {
    tidy(() => {
      const [ones, zeros] = [
        uniformTensor<Rank.R1>([2], { seed: 1, low: 1, high: 1 }),
        uniformTensor<Rank.R1>([2], { seed: 1, low: 0, high: 0 }),
      ];
      const rows = tensor2d([
        [NaN, 1],
        [1, 3],
      ]);
      expect(
        layerNorm(rows, ones, zeros, epsilon)
          .arraySync()
          .map((row) => row.map(Number.isNaN)),
      ).toEqual([
        [true, true],
        [false, false],
      ]);
    });
  });
});

// tfjs's own ops divide by zero there in WebAssembly, so there is nothing to compare with.
describe("on the native backend", () => {
  useBackend("native");

  test("the norm of nothing is nothing, and its gradients 0", () => {
    tidy(() => {
      const operands = [
        uniformTensor<Rank.R3>([2, 0, 6], { seed: 1 }),
        uniformTensor<Rank.R1>([6], { seed: 3 }),
        uniformTensor<Rank.R1>([6], { seed: 4 }),
      ];
      expectAsPlain(
        ((x, w, b) => layerNorm(x as Tensor, w as Tensor1D, b as Tensor1D, epsilon)) as (
          ...operands: Tensor[]
        ) => Tensor,
        operands,
      );
    });
  });
});
