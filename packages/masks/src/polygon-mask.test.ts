import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import { maskArea, maskBoundingBox } from "./mask-geometry.ts";
import { polygonsToMask, polygonToMask } from "./polygon-mask.ts";
import { decodeMask } from "./run-length-mask.ts";

test("a rectangle on whole pixels fills exactly those", () => {
  const mask = polygonToMask([2, 1, 5, 1, 5, 4, 2, 4], 7, 11);
  expect(maskBoundingBox(mask)).toEqual([2, 1, 3, 3]);
  expect(maskArea(mask)).toBe(9);
});

test("neither the direction nor the first point matters", () => {
  const random = new Random(13);
  for (let round = 0; round < 50; round++) {
    const points = Array.from({ length: 5 }, () => [random.uniform(-3, 22), random.uniform(-3, 26)]);
    const want = polygonToMask(points.flat(), 23, 19);
    expect(polygonToMask(points.toReversed().flat(), 23, 19)).toEqual(want);
    expect(polygonToMask([...points.slice(2), ...points.slice(0, 2)].flat(), 23, 19)).toEqual(want);
  }
});

test("what lies outside the image is cut off", () => {
  expect([...decodeMask(polygonToMask([-5, -5, 50, -5, 50, 50, -5, 50], 3, 5))]).toEqual(
    Array.from({ length: 15 }, () => 1),
  );
  expect([...polygonToMask([20, 1, 30, 1, 30, 2], 3, 5).counts]).toEqual([15]);
});

test("points that coincide draw nothing", () => {
  expect(polygonToMask([2, 1, 2, 1, 5, 1, 5, 4, 2, 4], 7, 11)).toEqual(polygonToMask([2, 1, 5, 1, 5, 4, 2, 4], 7, 11));
  expect(maskArea(polygonToMask([2, 1, 2, 1, 2, 1], 7, 11))).toBe(0);
});

test("several polygons make their union", () => {
  expect(
    maskArea(
      polygonsToMask(
        [
          [0, 0, 2, 0, 2, 2, 0, 2],
          [1, 0, 3, 0, 3, 2, 1, 2],
        ],
        5,
        7,
      ),
    ),
  ).toBe(6);
});

test("fewer than three points, or half a point, are refused", () => {
  expect(() =>
    polygonsToMask(
      [
        [0, 0, 2, 0, 2, 2],
        [0, 0, 1, 1],
      ],
      5,
      7,
      "annotation 12",
    ),
  ).toThrow("annotation 12[1]: a polygon expects at least 3 points as x, y, x, y, …; got 4 numbers");
  expect(() => polygonToMask([0, 0, 2, 0, 2, 2, 1], 5, 7)).toThrow("got 7 numbers");
});
