import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import {
  grads,
  type Rank,
  sum,
  type Tensor,
  tensor1d,
  type Tensor1D,
  tensor4d,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { test } from "vitest";
import { convolution } from "./convolution.ts";

describeOnBackends("gradients of convolution", () => {
  test.each([
    [1, 0, 1],
    [1, 1, 1],
    [2, 1, 1],
    [1, 2, 2],
    [1, 1, 3],
    [2, 2, 2],
  ])("strides %i, padding %i, dilation %i: by input, filter, bias and residual", (strides, padding, dilation) => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([2, 7, 5, 2], { seed: 1 });
      const filter = uniformTensor<Rank.R4>([3, 3, 2, 3], { seed: 2 });
      const bias = uniformTensor<Rank.R1>([3], { seed: 3 });
      const residual = uniformTensor<Rank.R4>(convolution(input, filter, { strides, padding, dilation }).shape, {
        seed: 4,
      });
      const compute = (...[x, w, b, r]: Tensor[]): Tensor =>
        convolution(x as Tensor4D, w as Tensor4D, {
          bias: b as Tensor1D,
          residual: r as Tensor4D,
          strides,
          padding,
          dilation,
        });
      expectGradients(compute, [input, filter, bias, residual]);
    });
  });

  test("nothing flows back through what the activation cut off", () => {
    tidy(() => {
      const input = tensor4d([1, 2], [1, 1, 2, 1]);
      const filter = tensor4d([1, -1], [1, 1, 1, 2]);
      const bias = tensor1d([0.5, 0.5]);
      const options = { strides: 1, padding: 0, dilation: 1, activation: "relu" } as const;
      // Before the activation: 1.5 and -0.5 at the first pixel, 2.5 and -1.5 at the second.
      const compute = (...[x, w, b]: Tensor[]): Tensor =>
        sum(convolution(x as Tensor4D, w as Tensor4D, { ...options, bias: b as Tensor1D }));
      const [byInput, byFilter, byBias] = grads(compute)([input, filter, bias]) as [Tensor, Tensor, Tensor];
      expectClose(byInput.dataSync(), [1, 1]);
      expectClose(byFilter.dataSync(), [3, 0]);
      expectClose(byBias, [2, 0]);
    });
  });
});
