import { Random } from "@detrkit/common";
import { detrTraining, type ImageOperation, planTransforms } from "@detrkit/image";
import { describe, expect, test } from "vitest";
import { type ImageObjects, prepareObjects, toDetectionTarget, transformObjects } from "./index.ts";

/** Three objects in an image of 100 x 60. */
const objects: ImageObjects = {
  size: { width: 100, height: 60 },
  boxes: Float32Array.from([10, 20, 30, 50, 0, 0, 100, 60, 80, 5, 95, 11]),
  labels: Int32Array.from([7, 3, 5]),
  areas: Float32Array.from([600, 6000, 90]),
  indices: Int32Array.from([0, 1, 2]),
};
const after = (operation: ImageOperation): ImageObjects => transformObjects(objects, operation);

describe("objects under operations", () => {
  test("flips mirror boxes", () => {
    expect([...after({ kind: "flipHorizontally" }).boxes.subarray(0, 4)]).toEqual([70, 20, 90, 50]);
    expect([...after({ kind: "flipVertically" }).boxes.subarray(0, 4)]).toEqual([10, 10, 30, 40]);
  });

  test("a resize scales boxes and areas", () => {
    const resized = after({ kind: "resize", width: 50, height: 180 });
    expect([...resized.boxes.subarray(0, 4)]).toEqual([5, 60, 15, 150]);
    expect(resized.areas[0]).toBe(900);
    expect(resized.size).toEqual({ width: 50, height: 180 });
  });

  test("a crop clips boxes, drops those left without area and renews areas", () => {
    const cropped = after({ kind: "crop", top: 10, left: 20, width: 60, height: 30 });
    expect([...cropped.boxes]).toEqual([0, 10, 10, 30, 0, 0, 60, 30]);
    expect([...cropped.labels]).toEqual([7, 3]);
    expect([...cropped.areas]).toEqual([200, 1800]);
    expect([...cropped.indices]).toEqual([0, 1]);
  });

  test("padding moves nothing", () => {
    const padded = after({ kind: "pad", right: 3, bottom: 4 });
    expect(padded.boxes).toEqual(objects.boxes);
    expect(padded.size).toEqual({ width: 103, height: 64 });
  });

  test("an image without objects goes through everything", () => {
    const none: ImageObjects = {
      size: objects.size,
      boxes: new Float32Array(0),
      labels: new Int32Array(0),
      areas: new Float32Array(0),
      indices: new Int32Array(0),
      masks: [],
    };
    const { operations } = planTransforms(detrTraining.steps, { width: 700, height: 500 }, new Random(3));
    const result = operations.reduce(transformObjects, { ...none, size: { width: 700, height: 500 } });
    expect(result.labels).toHaveLength(0);
    expect(toDetectionTarget(result).boxes).toHaveLength(0);
  });

  test("targets are centre and size over the image's own sides", () => {
    expect([...toDetectionTarget(objects).boxes.subarray(0, 4)]).toEqual([0.2, 35 / 60, 0.2, 0.5].map(Math.fround));
  });
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
