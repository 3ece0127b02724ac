import { convolution, MaxPool2d } from "@detrkit/nn";
import { describeOnFusedBackends, uniformTensor, useBackend, withoutKernels } from "@detrkit/test-utils";
import { grad, type Rank, sum, type Tensor, type Tensor1D, tensor4d, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectAsPlain } from "../../../test-support/compare-with-plain.ts";

describeOnFusedBackends("convolutions", () => {
  // Filter size, strides, padding, dilation.
  const cases = [
    [1, 1, 0, 1],
    [1, 2, 0, 1],
    [1, 1, 2, 1],
    [3, 1, 1, 1],
    [3, 1, 0, 1],
    [3, 2, 1, 1],
    [3, 1, 2, 2],
    [3, 2, 2, 2],
    [5, 3, 2, 1],
    [7, 2, 3, 1],
    [7, 1, 3, 1],
  ] as const;
  const parts = [
    { bias: false, residual: false, relu: false },
    { bias: true, residual: false, relu: true },
    { bias: false, residual: true, relu: true },
    { bias: true, residual: true, relu: true },
    { bias: true, residual: true, relu: false },
  ] as const;

  for (const [size, strides, padding, dilation] of cases) {
    test(`${size}x${size} filter, stride ${strides}, padding ${padding}, dilation ${dilation}: as composed`, () => {
      tidy(() => {
        const input = uniformTensor<Rank.R4>([2, 13, 17, 5], { seed: 1 });
        const filter = uniformTensor<Rank.R4>([size, size, 5, 7], { seed: 2 });
        const options = { strides, padding, dilation };
        const shape = withoutKernels(() => convolution(input, filter, options)).shape;
        const [bias, residual] = [uniformTensor<Rank.R1>([7], { seed: 3 }), uniformTensor<Rank.R4>(shape, { seed: 4 })];
        for (const part of parts) {
          const compute = (...[x, w, ...rest]: Tensor[]): Tensor =>
            convolution(x as Tensor4D, w as Tensor4D, {
              ...options,
              bias: part.bias ? (rest[0] as Tensor1D) : undefined,
              residual: part.residual ? (rest.at(-1) as Tensor4D) : undefined,
              activation: part.relu ? "relu" : undefined,
            });
          expectAsPlain(compute, [input, filter, ...(part.bias ? [bias] : []), ...(part.residual ? [residual] : [])], {
            atol: 5e-5,
          });
        }
      });
    });
  }

  test.each([
    [1, 1, 1, 1, 1],
    [1, 3, 200, 3, 64],
    [3, 50, 67, 64, 32],
    [1, 1, 31, 128, 17],
  ])("%i images of %ix%i, %i to %i channels", (B, H, W, I, O) => {
    tidy(() => {
      const operands = [
        uniformTensor<Rank.R4>([B, H, W, I], { seed: 1 }),
        uniformTensor<Rank.R4>([3, 3, I, O], { seed: 2 }),
        uniformTensor<Rank.R1>([O], { seed: 3 }),
      ];
      expectAsPlain(
        (...[x, w, b]: Tensor[]) =>
          convolution(x as Tensor4D, w as Tensor4D, {
            strides: 1,
            padding: 1,
            dilation: 1,
            bias: b as Tensor1D,
            activation: "relu",
          }),
        operands,
        { atol: 5e-5 },
      );
    });
  });

  test.each([
    [3, 2, 0],
    [15, 3, 0],
    [8, 2, 1],
  ])("a filter of 1x1 over %i channels, stride %i, padding %i, is as composed", (channels, strides, padding) => {
    tidy(() => {
      const operands = [
        uniformTensor<Rank.R4>([2, 30, 17, channels], { seed: 1 }),
        uniformTensor<Rank.R4>([1, 1, channels, 64], { seed: 2 }),
      ];
      expectAsPlain((x, w) => convolution(x as Tensor4D, w as Tensor4D, { strides, padding, dilation: 1 }), operands, {
        atol: 1e-4,
      });
    });
  });

  test("layers of one shape do not take each other's filter", () => {
    tidy(() => {
      const input = tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
      const scaled = (factor: number): number[] => [
        ...convolution(input, tensor4d([factor], [1, 1, 1, 1]), { strides: 1, padding: 0, dilation: 1 }).dataSync(),
      ];
      expect([scaled(1), scaled(10), scaled(1)]).toEqual([
        [1, 2, 3, 4],
        [10, 20, 30, 40],
        [1, 2, 3, 4],
      ]);
    });
  });

  test("NaN in one pixel reaches the pixels whose window holds it", () => {
    tidy(() => {
      const input = tensor4d([NaN, 1, 1, 1, 1], [1, 1, 5, 1]);
      const filter = tensor4d(new Float32Array(9).fill(1), [3, 3, 1, 1]);
      const output = convolution(input, filter, {
        strides: 1,
        padding: 1,
        dilation: 1,
        bias: uniformTensor<Rank.R1>([1], { seed: 1, low: 0, high: 0 }),
      });
      expect([...output.dataSync()]).toEqual([NaN, NaN, 3, 3, 2]);
    });
  });
});

// In WebAssembly tfjs's own pooling has the wrong gradient where all of a window is negative; ours is compared in
// ../wasm.
describe("on the native backend", () => {
  useBackend("native");

  // oneDNN's own filter gradient writes behind its buffers here: the heap is corrupt after some sizes, and the process
  // ends.
  test("strided filters of 1x1 over few channels leave the heap whole", () => {
    const filter = uniformTensor<Rank.R4>([1, 1, 8, 16], { seed: 2 });
    for (let size = 6; size < 66; size += 2) {
      for (const width of [size, 72 - size]) {
        tidy(() => {
          const input = uniformTensor<Rank.R4>([2, size, width, 8], { seed: 1 });
          const gradient = grad((w) => sum(convolution(input, w as Tensor4D, { strides: 2, padding: 0, dilation: 1 })))(
            filter,
          );
          expect(gradient.shape).toEqual(filter.shape);
        });
      }
    }
    filter.dispose();
  });

  test.each([
    [3, 2, 1],
    [2, 2, 0],
    [3, 1, 1],
    [2, 1, 1],
    [5, 3, 2],
  ])("max pooling, window %i, stride %i, padding %i, is the plain one", (kernelSize, stride, padding) => {
    tidy(() => {
      const pool = new MaxPool2d({ kernelSize, stride, padding });
      expectAsPlain(
        (x) => pool.call(x as Tensor4D),
        [uniformTensor<Rank.R4>([2, 13, 11, 7], { seed: 1, low: -3, high: -1 })],
      );
    });
  });
});
