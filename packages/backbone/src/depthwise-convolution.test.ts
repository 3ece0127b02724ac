import { Random } from "@detrkit/common";
import { describeOnBackends, expectClose, expectGradients, removeOwnKernels, uniformTensor } from "@detrkit/test-utils";
import {
  DepthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput,
  grads,
  type Rank,
  sum,
  square,
  type Tensor,
  tensor4d,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { DepthwiseConvolution, depthwiseConvolution } from "./depthwise-convolution.ts";

const compute = (input: Tensor, filter: Tensor): Tensor => depthwiseConvolution(input as Tensor4D, filter as Tensor4D);

describeOnBackends("depthwise convolution", () => {
  test("by hand: each channel has its own filter, and zeros lie around the map", () => {
    tidy(() => {
      // Two channels: 1 2 3 and 10 20 30, one row. The first is moved to the left, the second doubled.
      const input = tensor4d([1, 10, 2, 20, 3, 30], [1, 1, 3, 2]);
      const filter = tensor4d([0, 0, 0, 2, 1, 0], [1, 3, 2, 1]);
      expectClose(depthwiseConvolution(input, filter), [
        [
          [
            [2, 20],
            [3, 40],
            [0, 60],
          ],
        ],
      ]);
    });
  });

  test("gradients by input and filter", () => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([2, 5, 7, 3], { seed: 1 });
      expectGradients(compute, [input, uniformTensor<Rank.R4>([3, 5, 3, 1], { seed: 2 })]);
      // A window that is larger than the map.
      expectGradients(compute, [
        uniformTensor<Rank.R4>([1, 2, 3, 2], { seed: 3 }),
        uniformTensor<Rank.R4>([7, 7, 2, 1], { seed: 4 }),
      ]);
    });
  });

  test("gradients are the same where tfjs has no kernels of them", () => {
    tidy(() => {
      const operands = [
        uniformTensor<Rank.R4>([2, 11, 13, 5], { seed: 1 }),
        uniformTensor<Rank.R4>([7, 7, 5, 1], { seed: 2 }),
      ];
      const gradients = (): Tensor[] =>
        grads((...given) => sum(square(compute(...(given as [Tensor, Tensor])))))(operands);
      const [byInput, byFilter] = gradients();
      const putBack = removeOwnKernels([DepthwiseConv2dNativeBackpropFilter, DepthwiseConv2dNativeBackpropInput]);
      try {
        const composed = gradients();
        expectClose(composed[0] as Tensor, byInput as Tensor, { rtol: 1e-4, atol: 1e-3 });
        expectClose(composed[1] as Tensor, byFilter as Tensor, { rtol: 1e-4, atol: 1e-3 });
      } finally {
        putBack();
      }
    });
  });

  test("what cannot be a filter is refused", () => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([1, 5, 5, 3], { seed: 1 });
      expect(() => depthwiseConvolution(input, uniformTensor<Rank.R4>([4, 3, 3, 1], { seed: 2 }))).toThrow(
        "depthwiseConvolution: filter expected odd sides, got 4x3",
      );
      expect(() => depthwiseConvolution(input, uniformTensor<Rank.R4>([3, 3, 2, 1], { seed: 2 }))).toThrow(
        "depthwiseConvolution: filter expected [3, 3, 3, 1], got [3, 3, 2, 1]",
      );
    });
  });

  test("the layer begins as PyTorch's, and adds its bias", () => {
    const layer = new DepthwiseConvolution({ channels: 50, kernelSize: 7, random: new Random(1) });
    expect(layer.weight.shape).toEqual([7, 7, 1, 50]);
    const largest = Math.max(...layer.weight.value.dataSync());
    expect(largest).toBeGreaterThan(0.14);
    expect(largest).toBeLessThanOrEqual(1 / 7);
    tidy(() => {
      const output = layer.call(tensor4d(new Float32Array(50), [1, 1, 1, 50]));
      expectClose(output.dataSync(), layer.bias.value.dataSync());
    });
    layer.dispose();
  });
});
