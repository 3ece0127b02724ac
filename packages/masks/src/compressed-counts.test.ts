import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import { compressCounts, decompressCounts } from "./compressed-counts.ts";

test("a run's code is 5 bits a character above 48, low bits first", () => {
  expect(compressCounts(Uint32Array.of(12))).toBe("<");
  // 60000 = 1·2¹⁵ + 26·2¹⁰ + 19·2⁵ + 0, and every group but the last carries 32.
  expect(compressCounts(Uint32Array.of(0, 60000))).toBe("0Pcj1");
});

test("from the fourth on, runs are differences to the one two before", () => {
  expect(compressCounts(Uint32Array.of(0, 1, 6, 1, 6, 1))).toBe("016000");
  expect([...decompressCounts("016000")]).toEqual([0, 1, 6, 1, 6, 1]);
});

test("decompressing gives back what was compressed", () => {
  const random = new Random(5);
  const counts = Uint32Array.from({ length: 1009 }, () => random.integer(0, 2 ** random.integer(1, 30)));
  expect(decompressCounts(compressCounts(counts))).toEqual(counts);
});

test("text that is cut off or foreign is refused", () => {
  expect(() => decompressCounts("0Pc", "results[7]")).toThrow(
    "results[7]: the compressed run lengths end in the middle of a number",
  );
  expect(() => decompressCounts("0 1")).toThrow('compressed mask: character 1 (" ") does not belong');
  expect(() => decompressCounts("111N")).toThrow("run 3 has the negative length -1");
});
