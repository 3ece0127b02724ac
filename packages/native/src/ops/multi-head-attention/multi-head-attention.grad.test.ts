import { Random } from "@detrkit/common";
import {
  type AttentionProjection,
  attention,
  linear,
  multiHeadAttention,
  type MultiHeadAttentionInputs,
} from "@detrkit/nn";
import { expectClose, expectGradients, uniformTensor, useBackend } from "@detrkit/test-utils";
import {
  add,
  dispose,
  grads,
  profile,
  type Rank,
  sum,
  type Tensor,
  type Tensor1D,
  tensor2d,
  type Tensor2D,
  type Tensor3D,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { bits, expectAsPlain } from "../../../test-support/compare-with-plain.ts";

useBackend("native");

type Position = Tensor<Rank.R2 | Rank.R3>;

const draw = (shape: readonly number[], seed: number): Tensor => uniformTensor(shape as [number], { seed });

/** Weight and bias of each of the four projections. */
function drawParameters(D: number): Tensor[] {
  return [11, 12, 13, 14].flatMap((seed) => [draw([D, D], seed), draw([D], seed + 10)]);
}

function projectionsOf(parameters: readonly Tensor[]) {
  const at = (index: number): AttentionProjection => ({
    weight: parameters[2 * index] as Tensor2D,
    bias: parameters[2 * index + 1] as Tensor1D,
  });
  return { query: at(0), key: at(1), value: at(2), output: at(3) };
}

/** Ignores about every third key. */
function drawPadding(B: number, S: number): Tensor2D {
  return tensor2d(
    Array.from({ length: B }, (_, b) => Array.from({ length: S }, (_, s) => ((s * 7 + b) % 3 === 0 ? 1 : 0))),
    [B, S],
    "bool",
  );
}

interface Settings {
  readonly heads: number;
  readonly keyPaddingMask?: Tensor2D;
  readonly rate?: number;
}

const dropoutOf = (rate: number) => (rate > 0 ? { rate, random: new Random(7) } : undefined);

/** Tokens that attend to themselves: operands tokens, a position or none, parameters. */
const amongThemselves =
  ({ heads, keyPaddingMask, rate = 0 }: Settings) =>
  (...operands: Tensor[]): Tensor => {
    const [tokens, position] = [
      operands[0] as Tensor3D,
      operands.length === 10 ? (operands[1] as Position) : undefined,
    ];
    const inputs: MultiHeadAttentionInputs = {
      query: tokens,
      queryPosition: position,
      key: tokens,
      keyPosition: position,
      value: tokens,
      keyPaddingMask,
    };
    return multiHeadAttention(inputs, projectionsOf(operands.slice(-8)), { heads, dropout: dropoutOf(rate) });
  };

/** Queries that attend to a memory: operands queries, memory, positions of whichever have one, parameters. */
const toMemory =
  ({
    heads,
    keyPaddingMask,
    rate = 0,
    positions = "both",
  }: Settings & { positions?: "both" | "query" | "key" | "none" }) =>
  (...operands: Tensor[]): Tensor => {
    const [query, memory] = operands as [Tensor3D, Tensor3D];
    const queryPosition = positions === "both" || positions === "query" ? (operands[2] as Position) : undefined;
    const keyPosition = positions === "both" || positions === "key" ? (operands.at(-9) as Position) : undefined;
    return multiHeadAttention(
      { query, queryPosition, key: memory, keyPosition, value: memory, keyPaddingMask },
      projectionsOf(operands.slice(-8)),
      { heads, dropout: dropoutOf(rate) },
    );
  };

/**
 * Compares with the plain composition by all operands but the bias of the keys, the last fifth: attention weights do
 * not depend on it, so that its gradient is rounding noise around 0.
 */
function expectAsComposed(compute: (...operands: Tensor[]) => Tensor, operands: readonly Tensor[]): void {
  const keyBias = operands.at(-5) as Tensor;
  expectAsPlain(
    (...others) => compute(...others.slice(0, -4), keyBias, ...others.slice(-4)),
    operands.toSpliced(-5, 1),
  );
}

// Images, tokens, width, heads: one of everything, primes, more rows than a block, enough work for several threads with
// short last pieces.
const selfCases = [
  [1, 1, 1, 1],
  [2, 5, 6, 3],
  [3, 7, 10, 2],
  [1, 521, 8, 2],
  [2, 131, 34, 2],
  [3, 257, 64, 8],
] as const;

test.each(selfCases)("self-attention of %i images, %i tokens, width %i, %i heads: as composed", (B, S, D, heads) => {
  tidy(() => {
    const [tokens, parameters, keyPaddingMask] = [draw([B, S, D], 1), drawParameters(D), drawPadding(B, S)];
    expectAsComposed(amongThemselves({ heads }), [tokens, ...parameters]);
    expectAsComposed(amongThemselves({ heads, keyPaddingMask }), [tokens, draw([B, S, D], 2), ...parameters]);
    expectAsComposed(amongThemselves({ heads }), [tokens, draw([S, D], 2), ...parameters]);
  });
});

// Images, queries, tokens of the memory, width, heads.
const crossCases = [
  [1, 1, 1, 1, 1],
  [2, 5, 3, 6, 3],
  [3, 2, 11, 10, 2],
  [2, 67, 601, 8, 4],
  [3, 193, 127, 34, 2],
  [2, 101, 331, 64, 8],
] as const;

test.each(crossCases)(
  "attention of %i images, %i queries to %i tokens, width %i, %i heads: as composed",
  (B, Q, S, D, heads) => {
    tidy(() => {
      const [tokens, parameters, keyPaddingMask] = [
        [draw([B, Q, D], 1), draw([B, S, D], 2)],
        drawParameters(D),
        drawPadding(B, S),
      ];
      expectAsComposed(toMemory({ heads }), [...tokens, draw([Q, D], 3), draw([B, S, D], 4), ...parameters]);
      expectAsComposed(toMemory({ heads, keyPaddingMask }), [
        ...tokens,
        draw([B, Q, D], 3),
        draw([S, D], 4),
        ...parameters,
      ]);
      expectAsComposed(toMemory({ heads, positions: "query" }), [...tokens, draw([Q, D], 3), ...parameters]);
      expectAsComposed(toMemory({ heads, keyPaddingMask, positions: "key" }), [
        ...tokens,
        draw([B, S, D], 4),
        ...parameters,
      ]);
      expectAsComposed(toMemory({ heads, positions: "none" }), [...tokens, ...parameters]);
    });
  },
);

test("tokens that attend to themselves from another position", () => {
  tidy(() => {
    const compute = (...[tokens, position, ...parameters]: Tensor[]): Tensor => {
      const all = tokens as Tensor3D;
      return multiHeadAttention(
        { query: all, key: all, keyPosition: position as Position, value: all },
        projectionsOf(parameters),
        { heads: 3 },
      );
    };
    expectAsComposed(compute, [draw([2, 7, 6], 1), draw([7, 6], 2), ...drawParameters(6)]);
  });
});

test("one position for all images is that position for each, and its gradient the sum of theirs", () => {
  tidy(() => {
    const [tokens, position, parameters] = [draw([3, 7, 10], 1), draw([7, 10], 2), drawParameters(10)];
    const repeated = (position as Tensor2D).expandDims(0).tile([3, 1, 1]);
    const run = (at: Tensor): [Tensor, Tensor] => {
      const gradients = grads((...operands: Tensor[]) => sum(amongThemselves({ heads: 2 })(...operands).square()))([
        tokens,
        at,
        ...parameters,
      ]);
      return [amongThemselves({ heads: 2 })(tokens, at, ...parameters), gradients[1] as Tensor];
    };
    const [[shared, gradient], [own, gradients]] = [run(position), run(repeated)];
    expect(bits(shared)).toEqual(bits(own));
    expectClose(gradient, sum(gradients, 0), { rtol: 1e-4, atol: 1e-4 });
  });
});

test("gradients are those of finite differences", () => {
  tidy(() => {
    expectGradients(amongThemselves({ heads: 2, rate: 0.4 }), [
      draw([1, 5, 4], 1),
      draw([1, 5, 4], 2),
      ...drawParameters(4),
    ]);
    expectGradients(toMemory({ heads: 2, keyPaddingMask: drawPadding(1, 5) }), [
      draw([1, 3, 4], 1),
      draw([1, 5, 4], 2),
      draw([3, 4], 3),
      draw([5, 4], 4),
      ...drawParameters(4),
    ]);
  });
});

test("dropout draws as attention of its own does", () => {
  tidy(() => {
    const [rate, heads, keyPaddingMask] = [0.4, 2, drawPadding(2, 71)];
    const operands = [
      draw([2, 67, 6], 1),
      draw([2, 71, 6], 2),
      draw([67, 6], 3),
      draw([2, 71, 6], 4),
      ...drawParameters(6),
    ];
    const separately = (...[query, memory, queryPosition, keyPosition, ...parameters]: Tensor[]): Tensor => {
      const layers = projectionsOf(parameters);
      const project = (tokens: Tensor, { weight, bias }: AttentionProjection): Tensor3D =>
        linear(tokens as Tensor3D, weight, bias);
      const projected = {
        query: project(add(query as Tensor, queryPosition as Tensor), layers.query),
        key: project(add(memory as Tensor, keyPosition as Tensor), layers.key),
        value: project(memory as Tensor, layers.value),
      };
      return project(
        attention({ ...projected, heads, keyPaddingMask, dropoutRate: rate, random: new Random(7) }),
        layers.output,
      );
    };
    const cotangent = uniformTensor<Rank.R3>([2, 67, 6], { seed: 9 });
    const run = (way: (...tensors: Tensor[]) => Tensor): Tensor[] => [
      way(...operands),
      ...grads(way)(operands, cotangent),
    ];
    const separate = run(separately);
    run(toMemory({ heads, keyPaddingMask, rate })).forEach((tensor, index) =>
      expectClose(tensor, separate[index] as Tensor, { rtol: 2e-5, atol: 2e-4 }),
    );
    expect(bits(toMemory({ heads, keyPaddingMask, rate })(...operands))).not.toEqual(
      bits(toMemory({ heads, keyPaddingMask })(...operands)),
    );
  });
});

test("the bias of the keys has a gradient of 0 up to rounding", () => {
  tidy(() => {
    const operands = [draw([2, 7, 6], 1), draw([2, 7, 6], 2), ...drawParameters(6)];
    const gradients = grads(amongThemselves({ heads: 2 }))(operands);
    expectClose(gradients.at(-5) as Tensor, zeros([6]), { atol: 1e-5 });
    expect(Math.max(...(gradients.at(-3) as Tensor).dataSync())).toBeGreaterThan(0.1);
  });
});

test("an image of nothing but padding attends to all keys alike", () => {
  tidy(() => {
    const keyPaddingMask = tensor2d(
      [
        [1, 1, 1],
        [0, 1, 0],
      ],
      [2, 3],
      "bool",
    );
    expectAsComposed(toMemory({ heads: 2, keyPaddingMask, positions: "none" }), [
      draw([2, 5, 4], 1),
      draw([2, 3, 4], 2),
      ...drawParameters(4),
    ]);
  });
});

test("no queries: an empty result", () => {
  tidy(() => {
    const operands = [draw([2, 0, 4], 1), draw([2, 3, 4], 2), draw([0, 4], 3), draw([3, 4], 4), ...drawParameters(4)];
    expect(toMemory({ heads: 2 })(...operands).shape).toEqual([2, 0, 4]);
    const gradients = grads(toMemory({ heads: 2 }))(operands, draw([2, 0, 4], 5));
    expect(gradients.map(({ shape }) => shape)).toEqual(operands.map(({ shape }) => shape));
    expect(gradients.every((gradient) => gradient.dataSync().every((value) => value === 0))).toBe(true);
  });
});

test("no images: gradients of 0, also of what would be shared by them", () => {
  tidy(() => {
    const operands = [draw([0, 5, 4], 1), draw([0, 3, 4], 2), draw([5, 4], 3), draw([3, 4], 4), ...drawParameters(4)];
    const gradients = grads(toMemory({ heads: 2 }))(operands, draw([0, 5, 4], 5));
    expect(gradients.map(({ shape }) => shape)).toEqual(operands.map(({ shape }) => shape));
    expect(gradients.every((gradient) => gradient.dataSync().every((value) => value === 0))).toBe(true);
  });
});

test("nothing to attend to: attention is 0, as composed", () => {
  tidy(() => {
    expectAsComposed(toMemory({ heads: 2, positions: "none" }), [
      draw([2, 5, 4], 1),
      draw([2, 0, 4], 2),
      ...drawParameters(4),
    ]);
    expectAsPlain(
      (...operands) =>
        attention({
          query: operands[0] as Tensor3D,
          key: operands[1] as Tensor3D,
          value: operands[2] as Tensor3D,
          heads: 2,
        }),
      [draw([2, 5, 4], 1), draw([2, 0, 4], 2), draw([2, 0, 4], 3)],
    );
  });
});

test("it is one kernel forwards and one backwards", async () => {
  const operands = tidy(() => [draw([2, 5, 6], 1), draw([2, 5, 6], 2), ...drawParameters(6)]);
  const { kernels, result } = await profile(() =>
    tidy(() => {
      grads(amongThemselves({ heads: 3 }))(operands, draw([2, 5, 6], 3));
      return draw([1], 1);
    }),
  );
  expect(kernels.map(({ name }) => name)).toEqual(["DetrkitMultiHeadAttention", "DetrkitMultiHeadAttentionGradient"]);
  dispose([...operands, result as Tensor]);
});

test("shapes that do not fit are refused", () => {
  tidy(() => {
    const attend =
      (inputs: Partial<MultiHeadAttentionInputs>, D = 6, heads = 3) =>
      () => {
        const tokens = draw([2, 5, 6], 1) as Tensor3D;
        return multiHeadAttention(
          { query: tokens, key: tokens, value: tokens, ...inputs },
          projectionsOf(drawParameters(D)),
          { heads },
        );
      };
    expect(attend({}, 7)).toThrow("multiHeadAttention: weight expected [6, 6], got [7, 7]");
    expect(attend({}, 6, 4)).toThrow("attention: 4 heads do not divide a width of 6");
    expect(attend({ queryPosition: draw([4, 6], 2) as Position })).toThrow(
      "multiHeadAttention: queryPosition expected [5, 6], got [4, 6]",
    );
    expect(attend({ keyPosition: draw([1, 5, 6], 2) as Position })).toThrow(
      "multiHeadAttention: keyPosition expected [2, 5, 6], got [1, 5, 6]",
    );
    expect(attend({ keyPaddingMask: drawPadding(2, 4) })).toThrow(
      "attention: keyPaddingMask expected [2, 5], got [2, 4]",
    );
  });
});
