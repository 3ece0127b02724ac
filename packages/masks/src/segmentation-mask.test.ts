import { expect, test } from "vitest";
import { encodeMask } from "./run-length-mask.ts";
import { maskToSegmentation, segmentationToMask } from "./segmentation-mask.ts";

test("polygons, plain and compressed run lengths of one shape give one mask", () => {
  const want = encodeMask([0, 1, 1, 0, 0, /**/ 0, 1, 1, 0, 0, /**/ 0, 0, 0, 0, 0], 3, 5);
  expect(segmentationToMask([[1, 0, 3, 0, 3, 2, 1, 2]], 3, 5)).toEqual(want);
  expect(segmentationToMask({ size: [3, 5], counts: [3, 2, 1, 2, 7] }, 0, 0)).toEqual(want);
  expect(segmentationToMask(maskToSegmentation(want), 0, 0)).toEqual(want);
});

test("a mask is written with its size and compressed run lengths", () => {
  expect(maskToSegmentation(encodeMask([1, 1, 1, 1, 1, 1], 2, 3))).toEqual({ size: [2, 3], counts: "06" });
});

test("an empty list of polygons is refused by name", () => {
  expect(() => segmentationToMask([], 3, 5, "annotation 8")).toThrow(
    "annotation 8: expected at least one polygon, got an empty list",
  );
});
