import { expectClose } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import {
  encoderReferencePoints,
  type LevelLayout,
  tokenCount,
  tokenPaddingMask,
  validRatios,
} from "./level-geometry.ts";
import { gridProposals } from "./queries.ts";

/** Two images, two levels; the second image fills 1 of 2 rows and 3 of 4 columns of the first level. */
const layout: LevelLayout = {
  levelShapes: [
    { height: 2, width: 4 },
    { height: 1, width: 2 },
  ],
  levelSizes: [
    [
      { height: 2, width: 4 },
      { height: 1, width: 3 },
    ],
    [
      { height: 1, width: 2 },
      { height: 1, width: 2 },
    ],
  ],
};

const tokens = tokenCount(layout);

test("valid ratios are shares of each level, width before height", () => {
  expectClose(validRatios(layout), [1, 1, 1, 1, 0.75, 0.5, 1, 1]);
});

test("padding is marked token by token, level after level, image after image; nothing where there is none", () => {
  expect(tokens).toBe(10);
  expect([...(tokenPaddingMask(layout) ?? [])]).toEqual([...Array<number>(10).fill(0), 0, 0, 0, 1, 1, 1, 1, 1, 0, 0]);
  expect(tokenPaddingMask({ ...layout, levelSizes: layout.levelShapes.map((shape) => [shape]) })).toBeUndefined();
});

test("a token's reference points are its own place in the image, normalised by every padded level", () => {
  const points = encoderReferencePoints(layout);
  const pointsOf = (image: number, token: number): Float32Array =>
    points.subarray((image * tokens + token) * 4, (image * tokens + token + 1) * 4);
  // Row 1, column 2 of 2 × 4.
  expectClose(pointsOf(0, 6), [2.5 / 4, 1.5 / 2, 2.5 / 4, 1.5 / 2]);
  // Column 2 of 3, which fill three quarters of the first level and all of the second.
  expectClose(pointsOf(1, 2), [(2.5 / 3) * 0.75, 0.5 * 0.5, 2.5 / 3, 0.5]);
  // The second level's first column.
  expectClose(pointsOf(1, 8), [0.25 * 0.75, 0.5 * 0.5, 0.25, 0.5]);
});

test("a cell's proposal is a box around its centre, whose size doubles from level to level", () => {
  const { coordinates, valid } = gridProposals(layout);
  const boxOf = (image: number, token: number): number[] =>
    [...coordinates.subarray((image * tokens + token) * 4, (image * tokens + token + 1) * 4)].map(
      (value) => 1 / (1 + Math.exp(-value)),
    );
  expectClose(boxOf(0, 6), [2.5 / 4, 1.5 / 2, 0.05, 0.05]);
  expectClose(boxOf(1, 8), [0.25, 0.5, 0.1, 0.1]);
  expect([...valid]).toEqual([...Array<number>(10).fill(1), 1, 1, 1, 0, 0, 0, 0, 0, 1, 1]);
  expect([...coordinates.subarray(13 * 4, 14 * 4)]).toEqual([Infinity, Infinity, Infinity, Infinity]);
});

test("there is no proposal within a hundredth of the image's edge, nor larger than the image", () => {
  const row = { height: 1, width: 60 };
  const { valid } = gridProposals({ levelShapes: [row], levelSizes: [[row]] });
  expect([...valid]).toEqual([0, ...Array<number>(58).fill(1), 0]);
  const cell = { height: 1, width: 1 };
  const levels = Array.from({ length: 6 }, () => cell);
  expect([...gridProposals({ levelShapes: levels, levelSizes: levels.map((level) => [level]) }).valid]).toEqual([
    1, 1, 1, 1, 1, 0,
  ]);
});
