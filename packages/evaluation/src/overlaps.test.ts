import { encodeMask } from "@detrkit/masks";
import { expect, test } from "vitest";
import { boxIou } from "./box-overlaps.ts";
import { maskIou } from "./mask-overlaps.ts";

test("IoU of boxes: a third where half of each is shared, 0 where they only touch", () => {
  expect(boxIou([0, 0, 10, 7], [5, 0, 10, 7])).toBe(35 / 105);
  expect(boxIou([0, 0, 10, 7], [10, 0, 10, 7])).toBe(0);
  expect(boxIou([0, 0, 0, 7], [0, 0, 10, 7])).toBe(0);
});

test("beside a crowd the detection's own area is the denominator", () => {
  expect(boxIou([0, 0, 10, 7], [5, -50, 100, 100], true)).toBe(0.5);
  const detection = encodeMask([1, 1, 1, 1, 0, /**/ 0, 0, 0, 0, 0, /**/ 0, 0, 0, 0, 0], 3, 5);
  const crowd = encodeMask([0, 1, 1, 1, 1, /**/ 1, 1, 1, 1, 1, /**/ 1, 1, 1, 1, 1], 3, 5);
  expect(maskIou(detection, crowd, true)).toBe(0.75);
  expect(maskIou(detection, crowd)).toBe(3 / 15);
});

test("masks of different sizes have no IoU", () => {
  expect(maskIou(encodeMask([1, 1], 1, 2), encodeMask([1, 1], 2, 1))).toBe(-1);
});
