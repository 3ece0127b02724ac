import { expect, test } from "vitest";
import { maskArea, maskBoundingBox, maskIntersection } from "./mask-geometry.ts";
import { encodeMask } from "./run-length-mask.ts";

const first = encodeMask([0, 0, 0, 0, 0, /**/ 0, 1, 1, 0, 0, /**/ 0, 1, 1, 1, 0], 3, 5);
const second = encodeMask([1, 0, 1, 0, 0, /**/ 0, 0, 1, 1, 0, /**/ 0, 0, 1, 0, 0], 3, 5);

test("area and bounding box of a mask", () => {
  expect(maskArea(first)).toBe(5);
  expect(maskBoundingBox(first)).toEqual([1, 1, 3, 2]);
  expect(maskBoundingBox(second)).toEqual([0, 0, 4, 3]);
});

test("a run over a column's end spans the whole height", () => {
  expect(maskBoundingBox({ height: 7, width: 5, counts: Uint32Array.of(6, 2, 27) })).toEqual([0, 0, 2, 7]);
});

test("an empty mask has neither area nor box", () => {
  const empty = encodeMask(new Uint8Array(15), 3, 5);
  expect(maskArea(empty)).toBe(0);
  expect(maskBoundingBox(empty)).toEqual([0, 0, 0, 0]);
  expect(maskBoundingBox({ height: 3, width: 5, counts: Uint32Array.of(4, 0, 11) })).toEqual([0, 0, 0, 0]);
});

test("the intersection counts pixels of both", () => {
  expect(maskIntersection(first, second)).toBe(2);
  expect(maskIntersection(second, first)).toBe(2);
  expect(maskIntersection(first, first)).toBe(5);
});
