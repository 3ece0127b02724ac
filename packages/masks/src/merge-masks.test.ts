import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import { mergeMasks } from "./merge-masks.ts";
import { decodeMask, encodeMask } from "./run-length-mask.ts";

test("merging equals merging pixel by pixel", () => {
  const random = new Random(11);
  const pixels = Array.from({ length: 3 }, () => Uint8Array.from({ length: 7 * 11 }, () => random.integer(0, 3) % 2));
  const masks = pixels.map((image) => encodeMask(image, 7, 11));
  const union = pixels[0]?.map((_, index) => Math.max(...pixels.map((image) => image[index] ?? 0)));
  const intersection = pixels[0]?.map((_, index) => Math.min(...pixels.map((image) => image[index] ?? 0)));
  expect(decodeMask(mergeMasks(masks))).toEqual(union);
  expect(decodeMask(mergeMasks(masks, "intersection"))).toEqual(intersection);
});

test("merged runs are as few as can be", () => {
  const left = encodeMask([1, 1, 0, 0, 0], 1, 5);
  const right = encodeMask([0, 0, 1, 1, 0], 1, 5);
  expect([...mergeMasks([left, right]).counts]).toEqual([0, 4, 1]);
  expect([...mergeMasks([left, right], "intersection").counts]).toEqual([5]);
});

test("masks of different sizes, or none, are refused", () => {
  expect(() => mergeMasks([encodeMask([1, 0], 1, 2), encodeMask([1, 0], 2, 1)])).toThrow(
    "expected masks of one size, got 1×2 and 2×1",
  );
  expect(() => mergeMasks([])).toThrow("mergeMasks: expected at least one mask, got none");
});
