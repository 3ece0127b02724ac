import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import {
  add,
  mul,
  ones,
  type Rank,
  relu,
  type Tensor,
  type Tensor1D,
  tensor1d,
  tensor2d,
  tensor4d,
  type Tensor4D,
  tidy,
  transpose,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { groupNorm } from "./group-norm.ts";
import { layerNorm } from "./layer-norm.ts";

describeOnBackends("layerNorm", () => {
  test("mean 0 and variance 1, then weight and bias", () => {
    tidy(() => {
      // Mean 3, biased variance 8/3.
      const unit = Math.sqrt(3 / 2);
      expectClose(layerNorm(tensor2d([[1, 3, 5]]), tensor1d([1, 2, 10]), tensor1d([0, 7, 1]), 0), [
        [-unit, 7, 10 * unit + 1],
      ]);
    });
  });

  test("epsilon is added to the variance", () => {
    tidy(() => {
      expectClose(layerNorm(tensor2d([[1, -1]]), ones([2]), zeros([2]), 3), [[0.5, -0.5]]);
    });
  });

  test("the residual is part of what is normalised", () => {
    tidy(() => {
      const input = uniformTensor<Rank.R3>([2, 3, 5], { seed: 1 });
      const residual = uniformTensor<Rank.R3>([2, 3, 5], { seed: 2 });
      const [weight, bias] = [uniformTensor<Rank.R1>([5], { seed: 3 }), uniformTensor<Rank.R1>([5], { seed: 4 })];
      expectClose(layerNorm(input, weight, bias, 1e-5, residual), layerNorm(add(input, residual), weight, bias, 1e-5));
    });
  });

  test("gradients by input, weight, bias and residual", () => {
    tidy(() => {
      const tensors = [[2, 3, 5], [5], [5], [2, 3, 5]].map((shape, index) =>
        uniformTensor<Rank>(shape as [number], { seed: index + 1 }),
      );
      const compute = (...[x, w, b, r]: Tensor[]): Tensor =>
        layerNorm(x as Tensor, w as Tensor1D, b as Tensor1D, 1e-5, r);
      expectGradients(compute, tensors);
      expectGradients(compute, tensors.slice(0, 3));
    });
  });

  test("a residual of another shape is refused", () => {
    tidy(() => {
      expect(() => layerNorm(ones([2, 3, 5]), ones([5]), zeros([5]), 1e-5, ones([3, 5]))).toThrow(
        "layerNorm: residual expected [2, 3, 5], got [3, 5]",
      );
      expect(() => layerNorm(ones([2, 3]), ones([5]), zeros([5]), 1e-5)).toThrow(
        "layerNorm: input expected [2, 5], got [2, 3]",
      );
    });
  });
});

describeOnBackends("groupNorm", () => {
  const options = { groups: 2, epsilon: 0 };

  test("each group of neighbouring channels is normalised over the whole image", () => {
    tidy(() => {
      // Two pixels; channels 0 and 1 hold -1 and 1, channels 2 and 3 hold 10 and 30.
      const input = tensor4d([-1, 1, 10, 30, 1, -1, 30, 10], [1, 1, 2, 4]);
      expectClose(groupNorm(input, ones([4]), zeros([4]), options).dataSync(), [-1, 1, -1, 1, 1, -1, 1, -1]);
    });
  });

  test("images of a batch do not influence each other", () => {
    tidy(() => {
      const images = [1, 2].map((seed) => uniformTensor<Rank.R4>([1, 3, 5, 6], { seed }));
      const [weight, bias] = [uniformTensor<Rank.R1>([6], { seed: 3 }), uniformTensor<Rank.R1>([6], { seed: 4 })];
      const both = tensor4d(Float32Array.from(images.flatMap((image) => [...image.dataSync()])), [2, 3, 5, 6]);
      const apart = images.flatMap((image) => [...groupNorm(image, weight, bias, options).dataSync()]);
      expectClose(groupNorm(both, weight, bias, options).dataSync(), apart);
    });
  });

  test("as many groups as channels, and one group, are layer norm along other axes", () => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([2, 1, 5, 3], { seed: 1 });
      const perChannel = groupNorm(input, ones([3]), zeros([3]), { groups: 3, epsilon: 1e-5 });
      const alongPixels = layerNorm(transpose(input, [0, 1, 3, 2]), ones([5]), zeros([5]), 1e-5);
      expectClose(perChannel, transpose(alongPixels, [0, 1, 3, 2]));
    });
  });

  test("the residual is added after the norm and before the activation", () => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([2, 3, 5, 6], { seed: 1 });
      const residual = uniformTensor<Rank.R4>([2, 3, 5, 6], { seed: 2 });
      const [weight, bias] = [uniformTensor<Rank.R1>([6], { seed: 3 }), uniformTensor<Rank.R1>([6], { seed: 4 })];
      const expected = relu(add(groupNorm(input, weight, bias, options), residual));
      expectClose(groupNorm(input, weight, bias, { ...options, residual, activation: "relu" }), expected);
    });
  });

  test("gradients by input, weight, bias and residual", () => {
    tidy(() => {
      const tensors = [[2, 3, 1, 4], [4], [4], [2, 3, 1, 4]].map((shape, index) =>
        uniformTensor<Rank>(shape as [number], { seed: index + 1 }),
      );
      const compute = (...[x, w, b, r]: Tensor[]): Tensor =>
        groupNorm(x as Tensor4D, w as Tensor1D, b as Tensor1D, { groups: 2, epsilon: 1e-5, residual: r as Tensor4D });
      expectGradients(compute, tensors);
      // Far from the kink: every value is positive.
      const lifted = (...[x, w, b]: Tensor[]): Tensor =>
        groupNorm(x as Tensor4D, w as Tensor1D, add(mul(b as Tensor1D, 0.1), 5), {
          groups: 2,
          epsilon: 1e-5,
          activation: "relu",
        });
      expectGradients(lifted, tensors.slice(0, 3));
    });
  });

  test("groups that do not divide the channels are refused", () => {
    tidy(() => {
      expect(() => groupNorm(ones([1, 2, 3, 5]), ones([5]), zeros([5]), options)).toThrow(
        "groupNorm: 2 groups do not divide 5 channels",
      );
    });
  });
});
