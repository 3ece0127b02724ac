import { describeOnBackends, expectClose, uniformTensor } from "@detrkit/test-utils";
import { type Rank, type Tensor4D, tensor4d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { convolution, type ConvolutionOptions } from "./convolution.ts";

const plain: ConvolutionOptions = { strides: 1, padding: 0, dilation: 1 };

/** The definition of a convolution, tap by tap. */
function convolutionByLoops(
  input: Tensor4D,
  filter: Tensor4D,
  { strides, padding, dilation }: ConvolutionOptions,
): Tensor4D {
  const [B, H, W, I] = input.shape;
  const [filterHeight, filterWidth, , O] = filter.shape;
  const sizeAfter = (size: number, taps: number): number =>
    Math.floor((size + 2 * padding - dilation * (taps - 1) - 1) / strides) + 1;
  const [height, width] = [sizeAfter(H, filterHeight), sizeAfter(W, filterWidth)];
  const [pixels, weights] = [input.dataSync(), filter.dataSync()];
  const output = new Float32Array(B * height * width * O);
  for (let at = 0; at < output.length; at++) {
    const [o, x, y, b] = [
      at % O,
      Math.floor(at / O) % width,
      Math.floor(at / (O * width)) % height,
      Math.floor(at / (O * width * height)),
    ];
    let total = 0;
    for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
      const row = y * strides - padding + Math.floor(tap / filterWidth) * dilation;
      const column = x * strides - padding + (tap % filterWidth) * dilation;
      if (row < 0 || row >= H || column < 0 || column >= W) continue;
      for (let i = 0; i < I; i++)
        total += (pixels[((b * H + row) * W + column) * I + i] as number) * (weights[(tap * I + i) * O + o] as number);
    }
    output[at] = total;
  }
  return tensor4d(output, [B, height, width, O]);
}

describeOnBackends("convolution", () => {
  test("counts the pixels under the window, zeros beyond the border", () => {
    tidy(() => {
      const output = convolution(
        tensor4d(new Float32Array(9).fill(1), [1, 3, 3, 1]),
        tensor4d(new Float32Array(9).fill(1), [3, 3, 1, 1]),
        { ...plain, padding: 1 },
      );
      expectClose(output.dataSync(), [4, 6, 4, 6, 9, 6, 4, 6, 4]);
    });
  });

  test.each([
    [1, 0, 1],
    [1, 1, 1],
    [1, 2, 1],
    [2, 1, 1],
    [2, 3, 1],
    [3, 0, 1],
    [1, 2, 2],
    [1, 0, 3],
    [1, 1, 2],
    [1, 3, 2],
    [2, 2, 2],
    [3, 1, 2],
  ])("strides %i, padding %i, dilation %i is the sum over the taps", (strides, padding, dilation) => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([2, 11, 7, 3], { seed: 1 });
      const filter = uniformTensor<Rank.R4>([3, 3, 3, 5], { seed: 2 });
      const options = { strides, padding, dilation };
      expectClose(convolution(input, filter, options), convolutionByLoops(input, filter, options), { atol: 1e-5 });
    });
  });

  test("a filter that is not square keeps its axes apart", () => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([1, 5, 11, 2], { seed: 1 });
      const filter = uniformTensor<Rank.R4>([3, 7, 2, 3], { seed: 2 });
      for (const options of [
        { ...plain, padding: 1 },
        { ...plain, strides: 2, padding: 3 },
      ]) {
        expectClose(convolution(input, filter, options), convolutionByLoops(input, filter, options), { atol: 1e-5 });
      }
    });
  });

  test("bias and residual are added before the activation", () => {
    tidy(() => {
      const input = tensor4d([1, 2], [1, 1, 2, 1]);
      const filter = tensor4d([1, -1], [1, 1, 1, 2]);
      const bias = uniformTensor<Rank.R1>([2], { seed: 1, low: 0.5, high: 0.5 });
      const residual = tensor4d([0, 10, -10, 0.5], [1, 1, 2, 2]);
      expectClose(convolution(input, filter, { ...plain, bias }).dataSync(), [1.5, -0.5, 2.5, -1.5]);
      expectClose(convolution(input, filter, { ...plain, bias, activation: "relu" }).dataSync(), [1.5, 0, 2.5, 0]);
      expectClose(convolution(input, filter, { ...plain, residual }).dataSync(), [1, 9, -8, -1.5]);
      expectClose(
        convolution(input, filter, { ...plain, bias, residual, activation: "relu" }).dataSync(),
        [1.5, 9.5, 0, 0],
      );
      expectClose(
        convolution(input, filter, { ...plain, dilation: 2, bias, residual, activation: "relu" }).dataSync(),
        [1.5, 9.5, 0, 0],
      );
    });
  });

  test("steps past the map's end, and a distance between no taps, are as good as small ones", () => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([1, 3, 4, 2], { seed: 1 });
      const bias = uniformTensor<Rank.R1>([3], { seed: 3 });
      const largest = 2 ** 31 - 1;
      for (const [filterSize, options] of [
        [2, { ...plain, padding: 1, strides: largest }],
        [1, { ...plain, dilation: largest }],
      ] as const) {
        const filter = uniformTensor<Rank.R4>([filterSize, filterSize, 2, 3], { seed: 2 });
        const small = { ...options, strides: Math.min(options.strides, 6), dilation: 1, bias };
        const got = convolution(input, filter, { ...options, bias });
        expectClose(got, convolution(input, filter, small));
        expect(got.shape).toEqual(filterSize === 2 ? [1, 1, 1, 3] : [1, 3, 4, 3]);
      }
    });
  });

  test("a filter for another number of channels is refused", () => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([1, 5, 7, 3], { seed: 1 });
      const filter = uniformTensor<Rank.R4>([3, 3, 2, 5], { seed: 2 });
      expect(() => convolution(input, filter, plain)).toThrow(
        "convolution: filter expected [height, width, 3, O], got [3, 3, 2, 5]",
      );
    });
  });
});
