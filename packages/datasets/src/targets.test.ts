import type { ImageObjects } from "@detrkit/image";
import { expect, test } from "vitest";
import { prepareObjects, toDetectionTarget } from "./index.ts";

/** Three objects in an image of 100 x 60. */
const objects: ImageObjects = {
  size: { width: 100, height: 60 },
  boxes: Float32Array.from([10, 20, 30, 50, 0, 0, 100, 60, 80, 5, 95, 11]),
  labels: Int32Array.from([7, 3, 5]),
  areas: Float32Array.from([600, 6000, 90]),
  indices: Int32Array.from([0, 1, 2]),
};

test("targets are centre and size over the image's own sides", () => {
  expect([...toDetectionTarget(objects).boxes.subarray(0, 4)]).toEqual([0.2, 35 / 60, 0.2, 0.5].map(Math.fround));
});

test("preparing leaves out crowds, clips at the border and drops what has no area there", () => {
  const prepared = prepareObjects({
    width: 100,
    height: 60,
    boxes: Float64Array.from([-5, 10, 20, 70, 0, 0, 50, 50, 100, 10, 120, 20, 3, 4, 5, 6]),
    labels: Int32Array.from([1, 2, 3, 4]),
    crowd: Uint8Array.from([0, 1, 0, 0]),
    areas: Float64Array.from([11, 12, 13, 14]),
  });
  expect([...prepared.labels]).toEqual([1, 4]);
  expect([...prepared.boxes]).toEqual([0, 10, 20, 60, 3, 4, 5, 6]);
  // DETR keeps the annotated area although the box was clipped.
  expect([...prepared.areas]).toEqual([11, 14]);
});
