import { Random } from "@detrkit/common";
import { attention } from "@detrkit/nn";
import { describeOnFusedBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import {
  grads,
  mul,
  ones,
  type Rank,
  sum,
  type Tensor,
  tensor,
  tensor2d,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { bits, expectAsPlain } from "../../../test-support/compare-with-plain.ts";

describeOnFusedBackends("attention", () => {
  function operands(B: number, Q: number, S: number, D: number): [Tensor3D, Tensor3D, Tensor3D] {
    const draw = (rows: number, seed: number): Tensor3D =>
      uniformTensor<Rank.R3>([B, rows, D], { seed, low: -2, high: 2 });
    return [draw(Q, 1), draw(S, 2), draw(S, 3)];
  }

  /** Ignores about every third key; of the images in `full`, all. */
  function padding(B: number, S: number, full: readonly number[] = []): Tensor2D {
    return tensor2d(
      Array.from({ length: B }, (_, b) =>
        Array.from({ length: S }, (_, s) => (full.includes(b) || (s * 7 + b) % 3 === 0 ? 1 : 0)),
      ),
      [B, S],
      "bool",
    );
  }

  const apply =
    (heads: number, keyPaddingMask?: Tensor2D) =>
    (...[query, key, value]: Tensor[]): Tensor =>
      attention({ query: query as Tensor3D, key: key as Tensor3D, value: value as Tensor3D, heads, keyPaddingMask });

  // Images, queries, keys, width, heads: single rows, primes, exactly a tile of 64 queries, one more, several, and many
  // keys.
  test.each([
    [1, 1, 1, 1, 1],
    [1, 1, 7, 6, 2],
    [2, 5, 11, 12, 3],
    [1, 13, 1, 8, 4],
    [2, 64, 17, 16, 2],
    [1, 65, 67, 14, 2],
    [2, 193, 129, 32, 4],
    [1, 331, 1201, 64, 8],
  ])(
    "%i images, %i queries, %i keys, width %i, %i heads: as composed, with and without padding",
    (B, Q, S, D, heads) => {
      tidy(() => {
        expectAsPlain(apply(heads), operands(B, Q, S, D));
        expectAsPlain(apply(heads, padding(B, S)), operands(B, Q, S, D));
      });
    },
  );

  test("an image of nothing but padding attends to all keys alike, and disturbs no other", () => {
    tidy(() => {
      const [query, key, value] = operands(3, 5, 7, 4);
      expectAsPlain(apply(2, padding(3, 7, [1])), [query, key, value]);
      const output = apply(2, padding(3, 7, [1]))(query, key, value) as Tensor3D;
      const mean = value.slice([1, 0, 0], [1, 7, 4]).mean(1).dataSync();
      for (let row = 0; row < 5; row++) expectClose(output.slice([1, row, 0], [1, 1, 4]).dataSync(), mean);
    });
  });

  test("saturated weights: no noise in the gradients, which are exactly 0 there", () => {
    tidy(() => {
      const [query, key, value] = operands(1, 3, 5, 4);
      const far = mul(query, 1e4);
      const [byQuery] = grads((...inputs: Tensor[]) =>
        sum(mul(apply(1)(...inputs), value.slice([0, 0, 0], [1, 3, 4]))),
      )([far, key, value]) as [Tensor];
      expect([...byQuery.dataSync()].every((entry) => entry === 0)).toBe(true);
    });
  });

  test("NaN in one query gives NaN in that row; in a key, in all rows of its image", () => {
    tidy(() => {
      const [query, key, value] = operands(2, 3, 5, 2);
      const spoiled = (of: Tensor3D): Tensor3D =>
        tensor(
          of.dataSync().map((entry, index) => (index === 0 ? NaN : entry)),
          of.shape,
        );
      const rowsWithNaN = (output: Tensor): boolean[] =>
        (output as Tensor3D)
          .arraySync()
          .flat()
          .map((row) => row.some(Number.isNaN));
      expect(rowsWithNaN(apply(1)(spoiled(query), key, value))).toEqual([true, false, false, false, false, false]);
      expect(rowsWithNaN(apply(1)(query, spoiled(key), value))).toEqual([true, true, true, false, false, false]);
    });
  });

  test("dropout keeps its share of the weights, and the mean of the result", () => {
    tidy(() => {
      const [B, Q, S, heads, rate] = [2, 71, 512, 4, 0.3];
      // Keys of zeros weigh all values alike, values of ones count what is kept.
      const query = uniformTensor<Rank.R3>([B, Q, 8], { seed: 1 });
      const key = uniformTensor<Rank.R3>([B, S, 8], { seed: 1, low: 0, high: 0 });
      const result = attention({
        query,
        key,
        value: ones<Rank.R3>([B, S, 8]),
        heads,
        dropoutRate: rate,
        random: new Random(5),
      }).dataSync<"float32">();
      const kept = result.map((entry) => entry * (1 - rate));
      const mean = kept.reduce((total, share) => total + share, 0) / kept.length;
      // 290,816 draws: three standard deviations are 0.0026; a row's share of 512 has one of 0.020.
      expect(Math.abs(mean - 0.7)).toBeLessThan(0.003);
      const spread = Math.sqrt(kept.reduce((total, share) => total + (share - mean) ** 2, 0) / kept.length);
      expect(spread).toBeGreaterThan(0.016);
      expect(spread).toBeLessThan(0.025);
    });
  });

  test("with dropout the gradients are those of the very mask that the forward pass drew", () => {
    tidy(() => {
      const compute = (...[query, key, value]: Tensor[]): Tensor =>
        attention({
          query: query as Tensor3D,
          key: key as Tensor3D,
          value: value as Tensor3D,
          heads: 2,
          dropoutRate: 0.4,
          random: new Random(7),
        });
      expectGradients(compute, operands(1, 5, 7, 4));
    });
  });

  test("dropout is decided by the random numbers alone", () => {
    tidy(() => {
      const [query, key, value] = operands(1, 67, 11, 4);
      const draw = (seed: number): Buffer =>
        bits(attention({ query, key, value, heads: 2, dropoutRate: 0.5, random: new Random(seed) }));
      expect(draw(1)).toEqual(draw(1));
      expect(draw(1)).not.toEqual(draw(2));
    });
  });
});
