import { expect, test } from "vitest";
import { expectShape } from "./expect-shape.ts";

test("letters stand for the sizes they meet", () => {
  expect(expectShape([2, 7, 4], "boxes", ["B", "Q", 4])).toEqual({ B: 2, Q: 7 });
  expect(expectShape([], "loss", [])).toEqual({});
});

test.each([
  [[2, 7, 5], ["B", "Q", 4], "boxes expected [B, Q, 4], got [2, 7, 5]"],
  [[2, 7], ["B", "Q", 4], "boxes expected [B, Q, 4], got [2, 7]"],
  [[2, 3], ["N", "N"], "boxes expected [N, N], got [2, 3]"],
] as const)("a shape %j is no %j", (shape, pattern, message) => {
  expect(() => expectShape(shape, "boxes", pattern)).toThrow(message);
});
