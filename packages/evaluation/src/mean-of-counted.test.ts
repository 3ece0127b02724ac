import { expect, test } from "vitest";
import { meanOfCounted } from "./mean-of-counted.ts";

test("-1 does not count, and nothing but -1 gives -1", () => {
  expect(meanOfCounted(Float64Array.of(-1, 0.5, -1, 0, 0.25))).toBe(0.25);
  expect(meanOfCounted(Float64Array.of(-1, -1))).toBe(-1);
  expect(meanOfCounted(new Float64Array(0))).toBe(-1);
});

test("the order of adding is NumPy's, to the last bit", () => {
  // numpy.mean of the same values, 2.4.6
  const values = (count: number): Float64Array =>
    Float64Array.from({ length: count }, (_, index) => ((index * 37) % 101) / 101 / 3);
  expect(meanOfCounted(values(7))).toBe(0.12824139556812825);
  expect(meanOfCounted(values(107))).toBe(0.1635359797662009);
  expect(meanOfCounted(values(1009))).toBe(0.16497070916209558);
});
