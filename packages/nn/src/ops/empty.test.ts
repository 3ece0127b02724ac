import { describeOnBackends, expectClose } from "@detrkit/test-utils";
import {
  dispose,
  fill,
  grads,
  ones,
  type Rank,
  sum,
  type Tensor,
  tensor1d,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { attention } from "./attention.ts";
import { convolution, type ConvolutionOptions } from "./convolution.ts";
import { feedForward } from "./feed-forward.ts";
import { groupNorm } from "./group-norm.ts";
import { layerNorm } from "./layer-norm.ts";
import { linear } from "./linear.ts";

type Shape = readonly number[];

interface Result {
  readonly shape: Shape;
  readonly values: readonly number[];
  readonly gradients: readonly { readonly shape: Shape; readonly values: readonly number[] }[];
}

/**
 * The op on ones of these shapes, and the gradients of its sum. Memory is filled first: what is not written would show.
 */
function run(compute: (...operands: Tensor[]) => Tensor, shapes: readonly Shape[]): Result {
  tidy(() => void Array.from({ length: 64 }, (_, count) => fill([count], 77)));
  const read = (tensor: Tensor): { readonly shape: Shape; readonly values: readonly number[] } => ({
    shape: tensor.shape,
    values: [...tensor.dataSync()],
  });
  const operands = shapes.map((shape) => ones<Rank.R1>([...shape] as [number]));
  const output = compute(...operands);
  const gradients = grads((...given: Tensor[]) => sum(compute(...given)))(operands);
  const result = { ...read(output), gradients: gradients.map(read) };
  dispose([...operands, output, ...gradients]);
  return result;
}

const repeated = (value: number, count: number): number[] => Array.from({ length: count }, () => value);

describeOnBackends("where there is nothing to sum up", () => {
  test.each([
    ["relu", [1, 0, 3]],
    ["gelu", [0.8413447, -0.0455003, 2.9959502]],
    [undefined, [1, -2, 3]],
  ] as const)("a linear layer of width 0 gives its bias (activation %s)", (activation, expected) => {
    const bias = tensor1d([1, -2, 3]);
    const { shape, values, gradients } = run(
      (input, weight) => linear(input, weight as Tensor2D, bias, activation),
      [
        [5, 2, 0],
        [0, 3],
      ],
    );
    bias.dispose();
    expect(shape).toEqual([5, 2, 3]);
    expectClose(values, Array.from({ length: 10 }, () => expected).flat());
    expect(gradients.map((gradient) => gradient.shape)).toEqual([
      [5, 2, 0],
      [0, 3],
    ]);
  });

  test("the gradient by the bias of a linear layer of width 0 counts the rows", () => {
    const { gradients } = run(
      (input, weight, bias) => linear(input, weight as Tensor2D, bias as Tensor1D),
      [[5, 2, 0], [0, 3], [3]],
    );
    expect(gradients[2]?.values).toEqual([10, 10, 10]);
  });

  test("linear layers of no outputs and of no rows", () => {
    const compute = (input: Tensor, weight: Tensor, bias: Tensor): Tensor =>
      linear(input, weight as Tensor2D, bias as Tensor1D);
    const outputs = run((...operands) => compute(...(operands as [Tensor, Tensor, Tensor])), [[5, 2], [2, 0], [0]]);
    expect([outputs.shape, outputs.gradients[0]?.values]).toEqual([[5, 0], repeated(0, 10)]);
    const rows = run((...operands) => compute(...(operands as [Tensor, Tensor, Tensor])), [[0, 7, 2], [2, 3], [3]]);
    expect([rows.shape, rows.gradients[1]?.values, rows.gradients[2]?.values]).toEqual([
      [0, 7, 3],
      repeated(0, 6),
      [0, 0, 0],
    ]);
  });

  test("a feed-forward part without hidden elements gives its last bias", () => {
    const { values, gradients } = run(
      (input, expand, expandBias, contract, contractBias) =>
        feedForward(
          input,
          {
            expand: expand as Tensor2D,
            expandBias: expandBias as Tensor1D,
            contract: contract as Tensor2D,
            contractBias: contractBias as Tensor1D,
          },
          { activation: "relu" },
        ),
      [[5, 2], [2, 0], [0], [0, 2], [2]],
    );
    expect(values).toEqual(repeated(1, 10));
    expect(gradients[0]?.values).toEqual(repeated(0, 10));
    expect(gradients[4]?.values).toEqual([5, 5]);
  });

  const plain: ConvolutionOptions = { strides: 1, padding: 0, dilation: 1 };
  test.each<[Shape, Shape, Partial<ConvolutionOptions>, Shape]>([
    [[0, 5, 7, 2], [3, 3, 2, 3], {}, [0, 3, 5, 3]],
    [[0, 5, 7, 2], [3, 3, 2, 3], { strides: 2, dilation: 2 }, [0, 1, 2, 3]],
    [[2, 0, 7, 2], [1, 3, 2, 3], {}, [2, 0, 5, 3]],
    [[2, 0, 7, 2], [3, 3, 2, 3], {}, [2, 0, 5, 3]],
    [[2, 0, 0, 2], [3, 3, 2, 3], { padding: 1 }, [2, 0, 0, 3]],
    [[2, 0, 7, 2], [3, 3, 2, 3], { padding: 2 }, [2, 2, 9, 3]],
    [[2, 5, 7, 0], [3, 3, 0, 3], {}, [2, 3, 5, 3]],
    [[2, 5, 7, 2], [3, 3, 2, 0], {}, [2, 3, 5, 0]],
  ])("a convolution of %j by %j (%j) is %j, with gradients of 0", (input, filter, options, shape) => {
    const outputs = shape.reduce((product, size) => product * size, 1);
    const channels = shape[3] ?? 0;
    const compute = (...[pixels, weights, bias, residual]: Tensor[]): Tensor =>
      convolution(pixels as Tensor4D, weights as Tensor4D, {
        ...plain,
        ...options,
        bias: bias as Tensor1D,
        residual: residual as Tensor4D,
        activation: "relu",
      });
    const result = run(compute, [input, filter, [channels], shape]);
    expect([result.shape, result.values]).toEqual([shape, repeated(2, outputs)]);
    expect(result.gradients.map((gradient) => gradient.shape)).toEqual([input, filter, [channels], shape]);
    expect(result.gradients.slice(0, 2).every(({ values }) => values.every((value) => value === 0))).toBe(true);
    expect(result.gradients[2]?.values).toEqual(repeated(channels === 0 ? 0 : outputs / channels, channels));
    expect(result.gradients[3]?.values).toEqual(repeated(1, outputs));
  });

  test("attention without keys gives 0, without queries nothing", () => {
    const compute = (...[query, key, value]: Tensor[]): Tensor =>
      attention({ query: query as Tensor3D, key: key as Tensor3D, value: value as Tensor3D, heads: 2 });
    const keyless = run(compute, [
      [2, 3, 4],
      [2, 0, 4],
      [2, 0, 4],
    ]);
    expect([keyless.values, keyless.gradients[0]?.values]).toEqual([repeated(0, 24), repeated(0, 24)]);
    const unasked = run(compute, [
      [2, 0, 4],
      [2, 3, 4],
      [2, 3, 4],
    ]);
    expect([unasked.shape, unasked.gradients[1]?.values, unasked.gradients[2]?.values]).toEqual([
      [2, 0, 4],
      repeated(0, 24),
      repeated(0, 24),
    ]);
  });

  test("norms of no rows and of no pixels", () => {
    const rows = run(
      (input, weight, bias) => layerNorm(input, weight as Tensor1D, bias as Tensor1D, 1e-5),
      [[0, 7, 3], [3], [3]],
    );
    expect([rows.shape, rows.gradients.map(({ values }) => values)]).toEqual([
      [0, 7, 3],
      [[], [0, 0, 0], [0, 0, 0]],
    ]);
    for (const shape of [
      [0, 2, 5, 4],
      [2, 0, 5, 4],
    ]) {
      const pixels = run(
        (input, weight, bias) =>
          groupNorm(input as Tensor4D, weight as Tensor1D, bias as Tensor1D, { groups: 2, epsilon: 1e-5 }),
        [shape, [4], [4]],
      );
      expect([pixels.shape, pixels.gradients.map(({ values }) => values)]).toEqual([
        shape,
        [[], [0, 0, 0, 0], [0, 0, 0, 0]],
      ]);
    }
  });
});
