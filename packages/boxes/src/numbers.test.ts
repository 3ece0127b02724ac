import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import {
  boxArea,
  clip,
  cxcywhToXyxy,
  generalizedIou,
  iou,
  pairwiseGeneralizedIou,
  pairwiseIou,
  xyxyToCxcywh,
} from "./numbers.ts";

const randomBoxes = (count: number, seed: number): Float64Array => {
  const random = new Random(seed);
  return cxcywhToXyxy(Float64Array.from({ length: 4 * count }, () => random.uniform(0.05, 0.95)));
};

test("the corners of a box are half its size from its centre", () => {
  expect(cxcywhToXyxy([10, 20, 4, 6])).toEqual([8, 17, 12, 23]);
  expect(xyxyToCxcywh([8, 17, 12, 23])).toEqual([10, 20, 4, 6]);
});

test("formats convert back and forth, keep the kind of array and leave the input alone", () => {
  const boxes = Float64Array.from([0.5, 0.25, 0.125, 0.75, 3, 5, 7, 11]);
  const there = cxcywhToXyxy(boxes);
  expect(there).toBeInstanceOf(Float64Array);
  expect(xyxyToCxcywh(there)).toEqual(boxes);
  expect(boxes[0]).toBe(0.5);
});

test("areas, overlaps and the generalised overlap of two boxes worked out by hand", () => {
  const first = [0, 0, 2, 3];
  const second = [1, 1, 4, 2];
  expect(boxArea(first)).toEqual([6]);
  expect(iou(first, second)[0]).toBeCloseTo(1 / 8, 15); // common 1·1, union 6 + 3 - 1
  expect(generalizedIou(first, second)[0]).toBeCloseTo(1 / 8 - (12 - 8) / 12, 15); // enclosing 4·3
});

test("boxes far apart have no IoU and a generalised IoU near -1", () => {
  const near = [0, 0, 1, 1];
  const far = [99, 99, 100, 100];
  expect(iou(near, far)[0]).toBe(0);
  expect(generalizedIou(near, far)[0]).toBeCloseTo(-1 + 2 / 10000, 12);
});

test("boxes without area overlap by 0 rather than by NaN", () => {
  expect([...iou([1, 1, 1, 1], [1, 1, 1, 1]), ...generalizedIou([1, 1, 1, 1], [1, 1, 1, 1])]).toEqual([0, 0]);
});

test("the diagonal of pairwise overlaps is the elementwise overlap, and swapping the lists transposes them", () => {
  const first = randomBoxes(5, 1);
  const second = randomBoxes(7, 2);
  for (const [pairwise, single] of [
    [pairwiseIou, iou],
    [pairwiseGeneralizedIou, generalizedIou],
  ] as const) {
    const measured = pairwise(first, second);
    const swapped = pairwise(second, first);
    expect(measured).toHaveLength(35);
    for (let row = 0; row < 5; row++) {
      for (let column = 0; column < 7; column++) {
        const alone = single(first.slice(4 * row, 4 * row + 4), second.slice(4 * column, 4 * column + 4))[0];
        expect(measured[row * 7 + column]).toBe(alone);
        expect(swapped[column * 5 + row]).toBeCloseTo(alone as number, 14);
      }
    }
  }
});

test("clipping moves corners onto the border of the image", () => {
  expect(clip([-1, 2, 30, 40], { width: 23, height: 19 })).toEqual([0, 2, 23, 19]);
});

test("no boxes give no results", () => {
  expect(cxcywhToXyxy(new Float32Array(0))).toHaveLength(0);
  expect(pairwiseIou([], [0, 0, 1, 1])).toHaveLength(0);
});

test("arrays that hold no whole boxes, or unequal numbers of them, are refused with both sizes", () => {
  expect(() => cxcywhToXyxy([1, 2, 3])).toThrow("cxcywhToXyxy: boxes expected [N, 4] as 4·N numbers, got 3 numbers");
  expect(() => iou([0, 0, 1, 1], [])).toThrow("iou: expected as many boxes in both arrays, got 1 and 0");
});
