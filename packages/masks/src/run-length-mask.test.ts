import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import { decodeMask, encodeMask, runLengthMask } from "./run-length-mask.ts";

test("runs go down the columns and start with background", () => {
  const pixels = [0, 1, 1, /**/ 0, 1, 0];
  expect([...encodeMask(pixels, 2, 3).counts]).toEqual([2, 3, 1]);
  expect([...encodeMask([1, 0, 0, /**/ 1, 0, 0], 2, 3).counts]).toEqual([0, 2, 4]);
});

test("decoding gives back what was encoded", () => {
  const random = new Random(3);
  for (const [height, width] of [
    [1, 1],
    [1, 13],
    [11, 1],
    [7, 5],
    [17, 19],
  ] as const) {
    const pixels = Uint8Array.from({ length: height * width }, () => random.integer(0, 1));
    expect(decodeMask(encodeMask(pixels, height, width))).toEqual(pixels);
  }
});

test("an image without foreground is one run", () => {
  expect([...encodeMask(new Uint8Array(15), 3, 5).counts]).toEqual([15]);
});

test("run lengths that don't fill the image are refused", () => {
  expect(() => runLengthMask(3, 5, Uint32Array.of(4, 7), "results[2]")).toThrow(
    "results[2]: the run lengths add up to 11, expected height × width = 3 × 5 = 15",
  );
  expect(() => encodeMask([1, 0], 3, 5)).toThrow("encodeMask: pixels expected [3, 5] = 15 values, got 2");
});
