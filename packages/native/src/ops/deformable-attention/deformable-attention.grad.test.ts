import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  deformableAttentionGradientKernel,
  deformableAttentionKernel,
  deformableSamplingGradientKernel,
  deformableSamplingKernel,
} from "@detrkit/deformable-attention/kernels";
import { runKernel } from "@detrkit/nn/kernels";
import { expectClose, useBackend } from "@detrkit/test-utils";
import { ones, type Tensor, tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { bits } from "../../../test-support/compare-with-plain.ts";
import {
  drawPredictions,
  drawSamples,
  drawUpstream,
  runAttention,
  runSampling,
} from "../../../test-support/deformable-operands.ts";
import {
  type DeformableSizes,
  plainPoints,
  plainPointsGradient,
  plainSampling,
} from "../../../test-support/plain-deformable-attention.ts";

useBackend("native");

/**
 * Images, queries, heads, channels of a head, points; heights and widths of the levels. Around a run of 256 samples,
 * too, and with few samples for a cell and many, of which the kernels make a copy.
 */
const cases: readonly (readonly [
  B: number,
  Q: number,
  M: number,
  C: number,
  P: number,
  levels: readonly (readonly [number, number])[],
])[] = [
  [1, 1, 1, 1, 1, [[1, 1]]],
  [
    2,
    5,
    3,
    3,
    2,
    [
      [1, 11],
      [7, 1],
    ],
  ],
  [
    1,
    67,
    2,
    8,
    4,
    [
      [5, 7],
      [3, 2],
    ],
  ],
  [
    3,
    13,
    4,
    16,
    4,
    [
      [11, 13],
      [7, 5],
      [2, 3],
    ],
  ],
  [
    1,
    131,
    1,
    32,
    4,
    [
      [13, 17],
      [7, 11],
      [5, 3],
      [2, 2],
    ],
  ],
  [
    1,
    131,
    3,
    32,
    4,
    [
      [7, 11],
      [5, 3],
    ],
  ],
  [2, 7, 2, 40, 3, [[3, 19]]],
  [
    1,
    11,
    2,
    64,
    5,
    [
      [17, 3],
      [2, 5],
    ],
  ],
  [1, 3, 1, 2, 257, [[7, 5]]],
];

function sizesOf([B, Q, M, C, P, levels]: (typeof cases)[number]): DeformableSizes {
  return { B, Q, M, C, P, levels: levels.map(([height, width]) => ({ height, width })) };
}

/** Compares relative to the largest value of each tensor: single entries may be sums that nearly cancel. */
function expectAll(got: readonly Tensor[], want: readonly Float64Array[]): void {
  expect(got.length).toBe(want.length);
  for (const [index, values] of want.entries()) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expectClose((got[index] as Tensor).dataSync(), values, { rtol: 1e-5, atol: 3e-6 * Math.max(1, largest) });
  }
}

test.each(cases.map((row) => [row] as const))(
  "values and gradients by value, locations and weights are those of the definition: %j",
  (row) => {
    tidy(() => {
      const sizes = sizesOf(row);
      const [samples, upstream] = [drawSamples(sizes), drawUpstream(sizes)];
      const { result, gradient } = plainSampling(sizes, samples, upstream);
      expectAll(runAttention(sizes, samples, upstream), [result, gradient.value, gradient.locations, gradient.weights]);
    });
  },
);

test.each(cases.flatMap((row) => ([2, 4] as const).map((size) => [row, size] as const)))(
  "the same from predictions: %j, references of %i numbers",
  (row, referenceSize) => {
    tidy(() => {
      const sizes = sizesOf(row);
      const [{ value }, predictions, upstream] = [
        drawSamples(sizes),
        drawPredictions(sizes, referenceSize),
        drawUpstream(sizes),
      ];
      const points = plainPoints(sizes, predictions);
      const { result, gradient } = plainSampling(sizes, { value, ...points }, upstream);
      const { offsets, logits, references } = plainPointsGradient(sizes, predictions, gradient);
      const got = runSampling(sizes, value, predictions, upstream);
      expectAll(got, [result, gradient.value, offsets, logits, references]);
      // Both ops have one core.
      expectClose(got[0] as Tensor, runAttention(sizes, { value, ...points }, upstream)[0] as Tensor, { atol: 1e-5 });
    });
  },
);

const oneLevel = { levelShapes: [{ height: 2, width: 3 }] };

/** Samples single points of the map [[1, 2, 4], [8, 16, 32]]. */
function sampleAt(...locations: readonly (readonly [number, number])[]): number[] {
  const Q = locations.length;
  const operands = [
    tensor([1, 2, 4, 8, 16, 32], [1, 6, 1, 1]),
    tensor(locations.flat(), [1, Q, 1, 1, 1, 2]),
    ones([1, Q, 1, 1, 1]),
  ];
  return [...(runKernel(deformableAttentionKernel, operands, oneLevel)[0] as Tensor).dataSync()];
}

test("cell centres, the middle of four cells, and zeros beyond the border", () => {
  tidy(() => {
    expect(sampleAt([0.5, 0.25])).toEqual([2]);
    expectClose(
      sampleAt([1 / 3, 0.5], [5 / 6, 0.75], [1, 0.75], [0, 0], [-1 / 6, 0.25]),
      [(1 + 2 + 8 + 16) / 4, 32, 16, 0.25, 0],
      { atol: 1e-5 },
    );
  });
});

test("locations that no integer holds: infinite ones are outside, NaN gives NaN in its own query only", () => {
  tidy(() => {
    const far = [1e9, 3e38, -3e38, Infinity, -Infinity];
    expect(sampleAt(...far.map((x) => [x, 0.25] as const), ...far.map((y) => [0.5, y] as const))).toEqual(
      Array.from({ length: 10 }, () => 0),
    );
    expect(sampleAt([0.5, 0.25], [NaN, 0.25], [0.5, NaN], [0.5, 0.25])).toEqual([2, NaN, NaN, 2]);
  });
});

test("their gradients touch nothing else", () => {
  tidy(() => {
    const locations = tensor([NaN, 0.25, Infinity, 0.25, 0.5, 0.25], [1, 3, 1, 1, 1, 2]);
    const operands = [tensor([1, 2, 4, 8, 16, 32], [1, 6, 1, 1]), locations, ones([1, 3, 1, 1, 1]), ones([1, 3, 1])];
    const [byValue, byLocations, byWeights] = runKernel(deformableAttentionGradientKernel, operands, oneLevel) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    expect([...byValue.dataSync()]).toEqual([0, 1, 0, 0, 0, 0]);
    expect([...byLocations.dataSync()].slice(2, 4)).toEqual([0, 0]);
    expect([...byWeights.dataSync()]).toEqual([NaN, 0, 2]);
  });
});

test("large logits neither overflow nor lose the others", () => {
  tidy(() => {
    const logits = (...values: number[]): number[] => {
      const operands = [
        tensor([1, 10, 100], [1, 3, 1]),
        tensor([-1, 0, 0, 0, 1, 0], [1, 1, 6]),
        tensor(values, [1, 1, 3]),
        tensor([0.5, 0.5], [1, 1, 1, 2]),
      ];
      const attributes = { heads: 1, points: 3, levelShapes: [{ height: 1, width: 3 }] };
      return [...(runKernel(deformableSamplingKernel, operands, attributes)[0] as Tensor).dataSync()];
    };
    expectClose(logits(1e4, 1e4, -1e4), [5.5], { rtol: 1e-6 });
    expectClose(logits(-300, -300 + Math.log(2), -1e30), [7], { rtol: 1e-5 });
    expect(logits(0, NaN, 0)).toEqual([NaN]);
  });
});

test("no queries: an empty result, and gradients of zeros", () => {
  tidy(() => {
    const operands = [ones([2, 6, 3, 4]), zeros([2, 0, 3, 1, 5, 2]), zeros([2, 0, 3, 1, 5])];
    expect(runKernel(deformableAttentionKernel, operands, oneLevel)[0]?.shape).toEqual([2, 0, 12]);
    const gradients = runKernel(deformableAttentionGradientKernel, [...operands, zeros([2, 0, 12])], oneLevel);
    expect(gradients.map(({ shape }) => shape)).toEqual(operands.map(({ shape }) => shape));
    expect(gradients[0]?.dataSync().every((value) => value === 0)).toBe(true);
    const predictions = [ones([2, 6, 12]), zeros([2, 0, 30]), zeros([2, 0, 15]), zeros([2, 0, 1, 4])];
    expect(
      runKernel(deformableSamplingGradientKernel, [...predictions, zeros([2, 0, 12])], {
        ...oneLevel,
        heads: 3,
        points: 5,
      })[3]?.shape,
    ).toEqual([2, 0, 1, 4]);
    expect(
      runKernel(
        deformableAttentionKernel,
        [ones([0, 6, 3, 4]), zeros([0, 7, 3, 1, 5, 2]), zeros([0, 7, 3, 1, 5])],
        oneLevel,
      )[0]?.shape,
    ).toEqual([0, 7, 12]);
  });
});

test("shapes that do not fit are refused", () => {
  tidy(() => {
    const [value, locations, weights] = [ones([1, 6, 2, 4]), ones([1, 3, 2, 1, 5, 2]), ones([1, 3, 2, 1, 5])];
    const attend =
      (...operands: Tensor[]) =>
      (levelShapes: readonly { height: number; width: number }[]) =>
      () =>
        runKernel(deformableAttentionKernel, operands, { levelShapes });
    expect(attend(value, locations, weights)([{ height: 2, width: 4 }])).toThrow(
      "value has 6 cells, the levels together have 8",
    );
    expect(attend(value, locations, weights)([{ height: 6, width: 0 }])).toThrow("level 0 of [6, 0] is empty");
    expect(attend(value, ones([1, 3, 2, 1, 4, 2]), weights)(oneLevel.levelShapes)).toThrow(
      "locations expected [1, 3, 2, 1, 5, 2], got [1, 3, 2, 1, 4, 2]",
    );
    const sample =
      (...operands: Tensor[]) =>
      () =>
        runKernel(deformableSamplingKernel, operands, { ...oneLevel, heads: 2, points: 5 });
    expect(sample(ones([1, 6, 7]), ones([1, 3, 20]), ones([1, 3, 10]), ones([1, 3, 1, 2]))).toThrow(
      "D a multiple of the 2 heads",
    );
    expect(sample(ones([1, 6, 8]), ones([1, 3, 20]), ones([1, 3, 10]), ones([1, 3, 1, 3]))).toThrow(
      "reference points expected [1, 3, 1, 2], got [1, 3, 1, 3]",
    );
  });
});

test("the same to the last bit in every run", () => {
  tidy(() => {
    const sizes = {
      B: 2,
      Q: 101,
      M: 3,
      C: 8,
      P: 3,
      levels: [
        { height: 13, width: 11 },
        { height: 5, width: 7 },
      ],
    };
    const [{ value }, predictions, upstream] = [drawSamples(sizes), drawPredictions(sizes, 2), drawUpstream(sizes)];
    const run = (): Buffer[] => runSampling(sizes, value, predictions, upstream).map(bits);
    const first = run();
    for (let again = 0; again < 3; again++) expect(run()).toEqual(first);
  });
});

test("the same to the last bit on any number of threads", async () => {
  const script = fileURLToPath(new URL("../../../test-support/deformable-digest.ts", import.meta.url));
  const digest = async (threads: number): Promise<string> => {
    const env = { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads) };
    return (await promisify(execFile)(process.execPath, ["--conditions=@detrkit/source", script], { env })).stdout;
  };
  // With more threads than heads, levels become tasks of their own.
  const [one, seven] = await Promise.all([digest(1), digest(7)]);
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(seven).toBe(one);
}, 60_000);
