import { expect, test } from "vitest";
import { coloursOfSegmentIds, maskOfSegment, pixelsOfSegment, segmentIdsOfColours } from "./segment-ids.ts";

test("red counts ones, green 256s and blue 65,536s", () => {
  expect([...segmentIdsOfColours(Uint8Array.of(7, 0, 0, 1, 2, 3, 255, 255, 255))]).toEqual([7, 197_121, 16_777_215]);
});

test("colours give back the ids that they were made from", () => {
  const ids = Int32Array.of(0, 1, 255, 256, 65_535, 65_536, 8_345_029, 16_777_215);
  expect(segmentIdsOfColours(coloursOfSegmentIds(ids))).toEqual(ids);
});

test("an id that three bytes cannot hold is refused with its pixel", () => {
  expect(() => coloursOfSegmentIds([3, 16_777_216])).toThrow("pixel 1: expected a whole id from 0 to 16777215");
  expect(() => coloursOfSegmentIds([-1])).toThrow("got -1");
  expect(() => coloursOfSegmentIds([0.5])).toThrow("got 0.5");
  expect(() => segmentIdsOfColours(new Uint8Array(4))).toThrow("got 4 bytes");
});

test("one segment's pixels are told from all others, row by row, and its runs go down the columns", () => {
  const ids = Int32Array.of(7, 7, 0, /**/ 70_000, 7, 7);
  expect(pixelsOfSegment(ids, 7)).toEqual(Uint8Array.of(1, 1, 0, 0, 1, 1));
  expect(pixelsOfSegment(ids, 70_000, 255)).toEqual(Uint8Array.of(0, 0, 0, 255, 0, 0));
  expect(maskOfSegment(ids, 7, { height: 2, width: 3 })).toEqual({
    height: 2,
    width: 3,
    counts: Uint32Array.of(0, 1, 1, 2, 1, 1),
  });
  expect([...maskOfSegment(ids, 5, { height: 2, width: 3 }).counts]).toEqual([6]);
});
