import { Random } from "@detrkit/common";
import { dropout, feedForward, linear } from "@detrkit/nn";
import { expectClose, uniformTensor, useBackend } from "@detrkit/test-utils";
import { grads, type Rank, type Tensor, type Tensor1D, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { expectAsPlain } from "../../../test-support/compare-with-plain.ts";

useBackend("native");

function operands(leading: readonly number[], dim: number, hidden: number): [Tensor, Tensor, Tensor, Tensor, Tensor] {
  const seeded = (shape: readonly number[], seed: number): Tensor => uniformTensor(shape as [number], { seed });
  return [
    seeded([...leading, dim], 1),
    seeded([dim, hidden], 2),
    seeded([hidden], 3),
    seeded([hidden, dim], 4),
    seeded([dim], 5),
  ];
}

const compute =
  (rate: number) =>
  (...[x, expand, expandBias, contract, contractBias]: Tensor[]): Tensor =>
    feedForward(
      x as Tensor,
      {
        expand: expand as Tensor2D,
        expandBias: expandBias as Tensor1D,
        contract: contract as Tensor2D,
        contractBias: contractBias as Tensor1D,
      },
      { activation: "relu", dropout: rate > 0 ? { rate, random: new Random(7) } : undefined },
    );

// Leading axes, width outside, width inside: one row, primes, more rows than a block, enough for two threads whose last
// blocks are short.
const shapes: readonly (readonly [readonly number[], number, number])[] = [
  [[1], 1, 1],
  [[2, 3], 7, 13],
  [[521], 5, 3],
  [[2, 601], 19, 37],
];

for (const [leading, dim, hidden] of shapes) {
  test(`[${leading.join(", ")}, ${dim}] through ${hidden} is two linear layers, gradients included`, () => {
    tidy(() => expectAsPlain(compute(0), operands(leading, dim, hidden)));
  });
}

test("dropout draws as the op of its own does, in whatever block a row is", () => {
  tidy(() => {
    const inputs = operands([2, 601], 3, 11);
    const cotangent = uniformTensor<Rank.R3>([2, 601, 3], { seed: 9 });
    const separately = (...[x, expand, expandBias, contract, contractBias]: Tensor[]): Tensor => {
      const hidden = linear(x as Tensor, expand as Tensor2D, expandBias as Tensor1D, "relu");
      return linear(dropout(hidden, 0.4, new Random(7)), contract as Tensor2D, contractBias as Tensor1D);
    };
    const run = (way: (...tensors: Tensor[]) => Tensor): Tensor[] => [way(...inputs), ...grads(way)(inputs, cotangent)];
    const separate = run(separately);
    run(compute(0.4)).forEach((tensor, index) =>
      expectClose(tensor, separate[index] as Tensor, { rtol: 2e-5, atol: 2e-3 }),
    );
    expect(compute(0.4)(...inputs).dataSync()).not.toEqual(compute(0)(...inputs).dataSync());
  });
});
