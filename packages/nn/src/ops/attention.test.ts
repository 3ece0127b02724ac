import { Random } from "@detrkit/common";
import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import {
  abs,
  gather,
  grad,
  max,
  mul,
  ones,
  type Rank,
  reshape,
  sum,
  type Tensor,
  tensor2d,
  tensor3d,
  type Tensor3D,
  tidy,
  transpose,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { attention } from "./attention.ts";
import { attentionWeights } from "./attention-weights.ts";

const operands = (): { query: Tensor3D; key: Tensor3D; value: Tensor3D; heads: number } => ({
  query: uniformTensor<Rank.R3>([2, 3, 14], { seed: 1 }),
  key: uniformTensor<Rank.R3>([2, 5, 14], { seed: 2 }),
  value: uniformTensor<Rank.R3>([2, 5, 14], { seed: 3 }),
  heads: 7,
});

describeOnBackends("attention", () => {
  test("a query weighs the values by the softmax of its products with the keys", () => {
    tidy(() => {
      // Width 4 in one head: scores are halved. Products ln 9 and 0 become ln 3 and 0, weights 3/4 and 1/4.
      const query = tensor3d([Math.log(9), 0, 0, 0], [1, 1, 4]);
      const key = tensor3d([1, 5, 5, 5, 0, 6, 6, 6], [1, 2, 4]);
      const value = tensor3d([4, 8, 0, 1, 0, 0, 4, 1], [1, 2, 4]);
      expectClose(attention({ query, key, value, heads: 1 }).dataSync(), [3, 6, 1, 1]);
    });
  });

  test("each head sees its own slice of the width", () => {
    tidy(() => {
      const query = tensor3d([Math.log(2) * Math.SQRT2, 0, 0, 0], [1, 1, 4]);
      const key = tensor3d([1, 0, 1, 0, 0, 0, 0, 0], [1, 2, 4]);
      const value = tensor3d([3, 6, 2, 4, 0, 0, 0, 0], [1, 2, 4]);
      // Head 0 weighs 2/3 and 1/3, head 1 halves.
      expectClose(attention({ query, key, value, heads: 2 }).dataSync(), [2, 4, 1, 2]);
    });
  });

  test("the order of the keys does not matter", () => {
    tidy(() => {
      const { query, key, value, heads } = operands();
      const order = [3, 0, 4, 1, 2];
      expectClose(
        attention({ query, key: gather(key, order, 1), value: gather(value, order, 1), heads }),
        attention({ query, key, value, heads }),
      );
    });
  });

  test("what padding holds does not matter, and nobody attends to it", () => {
    tidy(() => {
      const { query, key, value, heads } = operands();
      const keyPaddingMask = tensor2d(
        [
          [0, 0, 1, 0, 1],
          [1, 0, 0, 0, 0],
        ],
        [2, 5],
        "bool",
      );
      const blank = where(reshape(keyPaddingMask, [2, 5, 1]), zerosLike(value), value);
      expectClose(
        attention({ query, key, value, heads, keyPaddingMask }),
        attention({ query, key, value: blank, heads, keyPaddingMask }),
      );
      const weights = attentionWeights({ query, key, heads, keyPaddingMask });
      expect(weights.shape).toEqual([2, 7, 3, 5]);
      expectClose(sum(weights, 3), ones([2, 7, 3]));
      expectClose(max(weights, [1, 2]).dataSync().map(Math.sign), [1, 1, 0, 1, 0, 0, 1, 1, 1, 1]);
    });
  });

  test("the gradient of a query that attends to one key only has no rounding noise for AdamW to amplify", () => {
    tidy(() => {
      const { query, key, value, heads } = operands();
      const cotangent = uniformTensor<Rank.R3>([2, 3, 14], { seed: 4 });
      const byQuery = grad((sharp) => sum(mul(attention({ query: sharp as Tensor3D, key, value, heads }), cotangent)))(
        mul(query, 1e5),
      );
      expect(max(abs(byQuery)).dataSync()[0]).toBeLessThan(1e-15);
    });
  });

  test("an image of padding alone gives finite numbers, values and gradients", () => {
    tidy(() => {
      const { query, key, value, heads } = operands();
      const keyPaddingMask = tensor2d(
        [
          [1, 1, 1, 1, 1],
          [0, 0, 0, 0, 1],
        ],
        [2, 5],
        "bool",
      );
      const output = attention({ query, key, value, heads, keyPaddingMask });
      expect(output.dataSync().every(Number.isFinite)).toBe(true);
      const rest = tensor2d([[0, 0, 0, 0, 1]], [1, 5], "bool");
      const one = (tokens: Tensor3D): Tensor3D => gather(tokens, [1]);
      expectClose(
        one(output),
        attention({ query: one(query), key: one(key), value: one(value), heads, keyPaddingMask: rest }),
      );
    });
  });

  test("boolean masks, minus infinity and large negative numbers hide the same keys", () => {
    tidy(() => {
      const inputs = operands();
      const hidden = [
        [1, 0, 0, 0, 0],
        [1, 1, 1, 1, 0],
        [0, 0, 1, 0, 1],
      ];
      const expected = attention({ ...inputs, attentionMask: tensor2d(hidden, [3, 5], "bool") });
      for (const minus of [-Infinity, -1e9]) {
        const attentionMask = tensor2d(hidden.map((row) => row.map((hide) => (hide === 1 ? minus : 0))));
        expectClose(attention({ ...inputs, attentionMask }), expected);
      }
    });
  });

  test("a float mask is added to the scores", () => {
    tidy(() => {
      const { query, key, value } = {
        query: tensor3d([0], [1, 1, 1]),
        key: tensor3d([1, 2], [1, 2, 1]),
        value: tensor3d([4, 8], [1, 2, 1]),
      };
      expectClose(
        attention({ query, key, value, heads: 1, attentionMask: tensor2d([[Math.log(3), 0]]) }).dataSync(),
        [5],
      );
    });
  });

  test("gradients by query, key and value under both masks", () => {
    tidy(() => {
      const inputs = [
        [2, 3, 6],
        [2, 5, 6],
        [2, 5, 6],
      ].map((shape, index) => uniformTensor<Rank.R3>(shape as [number, number, number], { seed: index + 1 }));
      const keyPaddingMask = tensor2d(
        [
          [0, 0, 1, 0, 0],
          [0, 1, 0, 0, 1],
        ],
        [2, 5],
        "bool",
      );
      const attentionMask = uniformTensor<Rank.R2>([3, 5], { seed: 9 });
      const compute = (...[query, key, value]: Tensor[]): Tensor =>
        attention({
          query: query as Tensor3D,
          key: key as Tensor3D,
          value: value as Tensor3D,
          heads: 3,
          keyPaddingMask,
          attentionMask,
        });
      expectGradients(compute, inputs);
    });
  });

  test("gradients with dropped weights", () => {
    tidy(() => {
      const inputs = [
        [1, 3, 4],
        [1, 5, 4],
        [1, 5, 4],
      ].map((shape, index) => uniformTensor<Rank.R3>(shape as [number, number, number], { seed: index + 1 }));
      const compute = (...[query, key, value]: Tensor[]): Tensor =>
        attention({
          query: query as Tensor3D,
          key: key as Tensor3D,
          value: value as Tensor3D,
          heads: 2,
          dropoutRate: 0.3,
          random: new Random(11),
        });
      expectGradients(compute, inputs);
    });
  });

  test("dropout depends on the seed only, and takes one number from it", () => {
    tidy(() => {
      const [first, second] = [new Random(5), new Random(5)];
      const output = attention({ ...operands(), dropoutRate: 0.5, random: first });
      expectClose(attention({ ...operands(), dropoutRate: 0.5, random: second }), output);
      const undropped = transpose(attention(operands())).dataSync();
      expect(transpose(output).dataSync()).not.toEqual(undropped);
      const reference = new Random(5);
      reference.uint32();
      expect(first.uint32()).toBe(reference.uint32());
    });
  });

  test("shapes and heads that do not fit are named", () => {
    tidy(() => {
      const inputs = operands();
      expect(() => attention({ ...inputs, heads: 3 })).toThrow("attention: 3 heads do not divide a width of 14");
      expect(() => attention({ ...inputs, keyPaddingMask: tensor2d([[0, 1]], [1, 2], "bool") })).toThrow(
        "attention: keyPaddingMask expected [2, 5], got [1, 2]",
      );
      expect(() => attention({ ...inputs, value: inputs.query })).toThrow(
        "attention: value expected [2, 5, 14], got [2, 3, 14]",
      );
      expect(() => attention({ ...inputs, dropoutRate: 0.1 })).toThrow(
        "attention: dropoutRate above 0 needs `random` to draw from",
      );
    });
  });
});
