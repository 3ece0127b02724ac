import { groupNorm } from "@detrkit/nn";
import { describeOnFusedBackends, uniformTensor, useBackend } from "@detrkit/test-utils";
import { type Rank, type Tensor, type Tensor1D, tensor4d, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectAsPlain } from "../../../test-support/compare-with-plain.ts";

const epsilon = 1e-5;

describeOnFusedBackends("group norm", () => {
  test.each([
    [[1, 1, 1, 4], 2],
    [[2, 3, 5, 7], 7],
    [[1, 11, 7, 6], 1],
    [[3, 5, 2, 15], 5],
    [[2, 13, 17, 64], 32],
    [[1, 31, 29, 16], 4],
    [[2, 7, 3, 24], 3],
  ])("group norm of %j in %i groups, residual and ReLU on and off", (shape, groups) => {
    tidy(() => {
      const dims = shape as [number, number, number, number];
      const [input, residual] = [
        uniformTensor<Rank.R4>(dims, { seed: 1, low: -2, high: 3 }),
        uniformTensor<Rank.R4>(dims, { seed: 2 }),
      ];
      const [weight, bias] = [
        uniformTensor<Rank.R1>([dims[3]], { seed: 3, low: 0.5, high: 2 }),
        uniformTensor<Rank.R1>([dims[3]], { seed: 4 }),
      ];
      for (const activation of [undefined, "relu"] as const) {
        const compute = (x: Tensor, w: Tensor, b: Tensor, r?: Tensor): Tensor =>
          groupNorm(x as Tensor4D, w as Tensor1D, b as Tensor1D, {
            groups,
            epsilon,
            activation,
            residual: r as Tensor4D | undefined,
          });
        expectAsPlain(compute as (...operands: Tensor[]) => Tensor, [input, weight, bias], { atol: 2e-4 });
        expectAsPlain(compute as (...operands: Tensor[]) => Tensor, [input, weight, bias, residual], { atol: 2e-4 });
      }
    });
  });

  test("NaN gives NaN in its own group, and in no other", () => {
    tidy(() => {
      const [ones, zeros] = [
        uniformTensor<Rank.R1>([2], { seed: 1, low: 1, high: 1 }),
        uniformTensor<Rank.R1>([2], { seed: 1, low: 0, high: 0 }),
      ];
      const pixels = tensor4d([NaN, 1, 1, 3], [1, 2, 1, 2]);
      for (const activation of [undefined, "relu"] as const) {
        const output = groupNorm(pixels, ones, zeros, { groups: 2, epsilon, activation }).dataSync();
        expect([...output].map(Number.isNaN)).toEqual([true, false, true, false]);
      }
    });
  });
});

// tfjs's own ops divide by zero there in WebAssembly, so there is nothing to compare with.
describe("on the native backend", () => {
  useBackend("native");

  test.each([[[2, 0, 3, 6]], [[0, 2, 3, 6]]])("the norm of nothing %j is nothing, and its gradients 0", (shape) => {
    tidy(() => {
      const operands = [
        uniformTensor(shape as [number], { seed: 1 }),
        uniformTensor<Rank.R1>([6], { seed: 3 }),
        uniformTensor<Rank.R1>([6], { seed: 4 }),
      ];
      const byGroup = (x: Tensor, w: Tensor, b: Tensor): Tensor =>
        groupNorm(x as Tensor4D, w as Tensor1D, b as Tensor1D, { groups: 3, epsilon });
      expectAsPlain(byGroup as (...operands: Tensor[]) => Tensor, operands);
    });
  });
});
