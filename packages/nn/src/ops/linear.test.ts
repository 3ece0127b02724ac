import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import {
  dispose,
  memory,
  type Rank,
  reshape,
  type Tensor,
  type Tensor1D,
  tensor1d,
  tensor2d,
  type Tensor2D,
  tensor3d,
  type Tensor3D,
  tidy,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { linear } from "./linear.ts";

describeOnBackends("linear", () => {
  test("multiplies from the right, adds the bias, then activates", () => {
    tidy(() => {
      const weight = tensor2d([
        [1, 0, -1],
        [0, 2, 1],
      ]);
      const bias = tensor1d([0.5, -3, 0]);
      const input = tensor2d([[1, 2]]);
      expectClose(linear(input, weight), [[1, 4, 1]]);
      expectClose(linear(input, weight, bias), [[1.5, 1, 1]]);
      expectClose(linear(tensor2d([[1, 1]]), weight, bias, "relu"), [[1.5, 0, 0]]);
    });
  });

  test("gelu is the exact one", () => {
    tidy(() => {
      const values = linear(tensor2d([[-1], [0], [1], [2]]), tensor2d([[1]]), undefined, "gelu").dataSync();
      // x * P(X <= x) from a table of the normal distribution.
      expectClose(values, [-0.15865525, 0, 0.84134475, 1.95449974], { atol: 2e-6 });
    });
  });

  test("nothing but the result is left outside of a tidy", () => {
    const operands = [tensor2d([[1, 2]]), tensor2d([[3], [4]])] as const;
    const before = memory().numTensors;
    const outputs = ([undefined, "relu", "gelu"] as const).map((activation) =>
      linear(...operands, undefined, activation),
    );
    expect(memory().numTensors).toBe(before + 3);
    dispose([...outputs, ...operands]);
  });

  test("rows are independent, whatever the number of leading axes", () => {
    tidy(() => {
      const weight = uniformTensor<Rank.R2>([5, 7], { seed: 1 });
      const input = uniformTensor<Rank.R3>([2, 3, 5], { seed: 2 });
      const output = linear(input, weight);
      expect(output.shape).toEqual([2, 3, 7]);
      expectClose(reshape(output, [6, 7]), linear(reshape(input, [6, 5]) as Tensor2D, weight));
    });
  });

  test.each([undefined, "relu", "gelu"] as const)("gradients with activation %s", (activation) => {
    tidy(() => {
      const input = uniformTensor<Rank.R3>([2, 3, 5], { seed: 1 });
      const weight = uniformTensor<Rank.R2>([5, 7], { seed: 2 });
      const bias = uniformTensor<Rank.R1>([7], { seed: 3 });
      const compute = (...[x, w, b]: Tensor[]): Tensor =>
        linear(x as Tensor3D, w as Tensor2D, b as Tensor1D, activation);
      expectGradients(compute, [input, weight, bias], { step: activation === "relu" ? 1e-3 : 1e-2 });
    });
  });

  test("an input of another width is refused", () => {
    tidy(() => {
      const weight = uniformTensor<Rank.R2>([5, 7], { seed: 1 });
      expect(() => linear(tensor3d([1, 2, 3], [1, 1, 3]), weight)).toThrow(
        "linear: input expected [1, 1, 5], got [1, 1, 3]",
      );
    });
  });
});
