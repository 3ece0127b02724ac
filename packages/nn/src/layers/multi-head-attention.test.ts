import { Random } from "@detrkit/common";
import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import { add, type Rank, slice, sum, ones, type Tensor, tensor2d, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { MultiHeadAttention } from "./multi-head-attention.ts";

const inputs = (): { query: Tensor3D; key: Tensor3D; value: Tensor3D } => ({
  query: uniformTensor<Rank.R3>([2, 3, 6], { seed: 1 }),
  key: uniformTensor<Rank.R3>([2, 5, 6], { seed: 2 }),
  value: uniformTensor<Rank.R3>([2, 5, 6], { seed: 3 }),
});

describeOnBackends("MultiHeadAttention", () => {
  test("begins as PyTorch's: Xavier over the joint projection, biases 0", () => {
    const attention = new MultiHeadAttention({ dim: 24, heads: 3, random: new Random(1) });
    const largest = (path: string): number =>
      Math.max(...(attention.parameters().get(path)?.value.dataSync().map(Math.abs) ?? []));
    for (const projection of ["query", "key", "value"]) {
      expect(largest(`${projection}.weight`)).toBeLessThanOrEqual(Math.sqrt(6 / 96));
      expect(largest(`${projection}.weight`)).toBeGreaterThan(0.98 * Math.sqrt(6 / 96));
      expect(largest(`${projection}.bias`)).toBe(0);
    }
    expect(largest("output.weight")).toBeGreaterThan(0.98 / Math.sqrt(24));
    expect(largest("output.weight")).toBeLessThanOrEqual(1 / Math.sqrt(24));
    expect(largest("output.bias")).toBe(0);
    expect(attention.parameters().size).toBe(8);
    attention.dispose();
  });

  test("with its weights it returns the same output, and weights that sum to 1", () => {
    const attention = new MultiHeadAttention({ dim: 6, heads: 3, random: new Random(1) });
    tidy(() => {
      const keyPaddingMask = tensor2d(
        [
          [0, 1, 0, 0, 0],
          [0, 0, 0, 1, 1],
        ],
        [2, 5],
        "bool",
      );
      const { output, weights } = attention.callWithWeights({ ...inputs(), keyPaddingMask });
      expectClose(output, attention.call({ ...inputs(), keyPaddingMask }));
      expect(weights.shape).toEqual([2, 3, 5]);
      expectClose(sum(weights, 2), ones([2, 3]));
    });
    attention.dispose();
  });

  test("positions are added to queries and keys, never to values", () => {
    const attention = new MultiHeadAttention({ dim: 6, heads: 3, random: new Random(1) });
    tidy(() => {
      const { query, key: memory } = inputs();
      const [queryPosition, keyPosition] = [
        uniformTensor<Rank.R2>([3, 6], { seed: 4 }),
        uniformTensor<Rank.R3>([2, 5, 6], { seed: 5 }),
      ];
      const want = attention.call({ query: add(query, queryPosition), key: add(memory, keyPosition), value: memory });
      expectClose(attention.call({ query, queryPosition, key: memory, keyPosition, value: memory }), want);
      expectClose(
        attention.callWithWeights({ query, queryPosition, key: memory, keyPosition, value: memory }).output,
        want,
      );
    });
    attention.dispose();
  });

  test("a batch gives what its images give alone", () => {
    const attention = new MultiHeadAttention({ dim: 6, heads: 2, random: new Random(1) });
    tidy(() => {
      const { query, key, value } = inputs();
      const second = (tokens: Tensor3D): Tensor3D => slice(tokens, [1, 0, 0], [1, -1, -1]);
      const alone = attention.call({ query: second(query), key: second(key), value: second(value) });
      expectClose(second(attention.call({ query, key, value })), alone);
    });
    attention.dispose();
  });

  test("gradients by inputs and parameters", () => {
    const attention = new MultiHeadAttention({ dim: 4, heads: 2, random: new Random(1) });
    tidy(() => {
      const tensors = [
        [1, 2, 4],
        [1, 3, 4],
        [1, 3, 4],
      ].map((shape, index) => uniformTensor<Rank.R3>(shape as [number, number, number], { seed: index + 1 }));
      const compute = (...[query, key, value]: Tensor[]): Tensor =>
        attention.call({ query: query as Tensor3D, key: key as Tensor3D, value: value as Tensor3D });
      expectGradients(compute, tensors, { variables: [...attention.parameters().values()].map(({ value }) => value) });
    });
    attention.dispose();
  });

  test("weights are dropped in training only, the same with and without returning them", () => {
    const attention = new MultiHeadAttention({ dim: 6, heads: 3, dropout: 0.5, random: new Random(1) });
    tidy(() => {
      const training = (): { training: boolean; random: Random } => ({ training: true, random: new Random(7) });
      const dropped = attention.call(inputs(), training());
      expect(dropped.dataSync()).not.toEqual(attention.call(inputs()).dataSync());
      expectClose(attention.call(inputs(), training()), dropped);
      expectClose(attention.call(inputs(), { random: new Random(7) }), attention.call(inputs()));
      expect(() => attention.call(inputs(), { training: true })).toThrow(
        "pass { training: true, random: new Random(seed) }",
      );
    });
    attention.dispose();
  });

  test("heads that do not divide the width are refused", () => {
    expect(() => new MultiHeadAttention({ dim: 7, heads: 2, random: new Random(1) })).toThrow(
      "MultiHeadAttention: 2 heads do not divide a width of 7",
    );
  });
});
