import { linear } from "@detrkit/nn";
import { describeOnFusedBackends, expectClose, uniformTensor } from "@detrkit/test-utils";
import { type Rank, type Tensor, type Tensor1D, type Tensor2D, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { expectAsPlain } from "../../../test-support/compare-with-plain.ts";

describeOnFusedBackends("linear layers", () => {
  // Rows, width before, width after: single rows, primes, sizes around vector widths and Eigen's panels, one that two
  // threads share.
  const shapes: readonly (readonly [readonly number[], number, number])[] = [
    [[1], 1, 1],
    [[1], 7, 3],
    [[5], 17, 1],
    [[3, 11], 13, 31],
    [[2, 3, 5], 16, 8],
    [[67], 257, 19],
    [[2, 211], 64, 97],
    [[1009], 128, 256],
  ];

  for (const [leading, before, after] of shapes) {
    for (const activation of [undefined, "relu"] as const) {
      const shapes = `[${leading.join(", ")}, ${before}] to ${after}`;
      test(`${shapes}, ${activation ?? "no activation"}, with and without bias, is the plain product`, () => {
        tidy(() => {
          const input = uniformTensor([...leading, before] as unknown as [number], { seed: 1 });
          const weight = uniformTensor<Rank.R2>([before, after], { seed: 2 });
          const bias = uniformTensor<Rank.R1>([after], { seed: 3 });
          const compute = (x: Tensor, w: Tensor, b?: Tensor): Tensor =>
            linear(x, w as Tensor2D, b as Tensor1D | undefined, activation);
          expectAsPlain(compute as (...operands: Tensor[]) => Tensor, [input, weight, bias]);
          expectAsPlain(compute as (...operands: Tensor[]) => Tensor, [input, weight]);
        });
      });
    }
  }

  test("gelu follows the fused product", () => {
    tidy(() => {
      const operands = [
        uniformTensor<Rank.R2>([11, 7], { seed: 1 }),
        uniformTensor<Rank.R2>([7, 13], { seed: 2 }),
        uniformTensor<Rank.R1>([13], { seed: 3 }),
      ];
      expectAsPlain((...[x, w, b]: Tensor[]) => linear(x as Tensor2D, w as Tensor2D, b as Tensor1D, "gelu"), operands);
    });
  });

  test("by hand: bias, then ReLU", () => {
    tidy(() => {
      const output = linear(
        tensor2d([
          [1, 2],
          [-1, 0],
        ]),
        tensor2d([
          [1, -1],
          [10, 0.5],
        ]),
        uniformTensor<Rank.R1>([2], { seed: 1, low: 0.5, high: 0.5 }),
        "relu",
      );
      expectClose(output, [
        [21.5, 0.5],
        [0, 1.5],
      ]);
    });
  });

  test("NaN comes out where it goes in, also through ReLU", () => {
    tidy(() => {
      const output = linear(
        tensor2d([
          [NaN, 1],
          [2, 3],
        ]),
        tensor2d([[1], [1]]),
        undefined,
        "relu",
      ).dataSync();
      expect([...output]).toEqual([NaN, 5]);
    });
  });
});
