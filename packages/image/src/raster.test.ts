import { expect, test } from "vitest";
import {
  crop,
  flipHorizontally,
  flipVertically,
  imagenetNormalisation,
  normalisationTable,
  normaliseInto,
  padRightBottom,
  resizeNearest,
} from "./index.ts";
import type { RgbImage } from "./index.ts";

/** Pixel `n` is `[10n, 10n + 1, 10n + 2]`. */
function numbered(width: number, height: number): RgbImage {
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, at) => 10 * Math.floor(at / 3) + (at % 3)),
  };
}
const reds = ({ data }: RgbImage): number[] => [...data].filter((_, at) => at % 3 === 0).map((level) => level / 10);

test("flips mirror pixels, not channels", () => {
  const image = numbered(3, 2);
  expect(reds(flipHorizontally(image))).toEqual([2, 1, 0, 5, 4, 3]);
  expect(reds(flipVertically(image))).toEqual([3, 4, 5, 0, 1, 2]);
  expect([...flipHorizontally(image).data].slice(0, 3)).toEqual([20, 21, 22]);
  expect(flipHorizontally(flipHorizontally(image))).toEqual(image);
});

test("masks flip too", () => {
  const mask = { width: 3, height: 2, data: Uint8Array.from([1, 0, 0, 0, 1, 0]) };
  expect([...flipHorizontally(mask).data]).toEqual([0, 0, 1, 0, 1, 0]);
  expect([...flipVertically(mask).data]).toEqual([0, 1, 0, 1, 0, 0]);
});

test("a crop holds the region and refuses one outside", () => {
  expect(reds(crop(numbered(5, 3), { top: 1, left: 2, height: 2, width: 3 }))).toEqual([7, 8, 9, 12, 13, 14]);
  expect(() => crop(numbered(5, 3), { top: 1, left: 2, height: 3, width: 3 })).toThrow(
    "region 3x3 at left 2, top 1 reaches outside the image of 5x3",
  );
});

test("padding adds zeros at the right and below", () => {
  expect(reds(padRightBottom(numbered(2, 2), 1, 1))).toEqual([0, 1, 0, 2, 3, 0, 0, 0, 0]);
});

test("masks are resized without mixing", () => {
  const mask = { width: 2, height: 1, data: Uint8Array.from([1, 0]) };
  expect([...resizeNearest(mask, { width: 5, height: 2 }).data]).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 0, 0]);
  expect([
    ...resizeNearest({ width: 3, height: 1, data: Uint8Array.from([0, 1, 1]) }, { width: 2, height: 1 }).data,
  ]).toEqual([0, 1]);
});

test("normalising rounds after each operation and fills the padding with zeros", () => {
  const image = numbered(3, 2);
  const destination = new Float32Array(4 * 5 * 3).fill(7);
  normaliseInto(image, normalisationTable(imagenetNormalisation), destination, { height: 4, width: 5 });
  const { mean, std } = imagenetNormalisation;
  for (let y = 0; y < 4; y++) {
    for (let x = 0; x < 5; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const got = destination[(y * 5 + x) * 3 + channel];
        const level = image.data[(y * 3 + x) * 3 + channel] as number;
        const scaled = Math.fround(Math.fround(level / 255) - Math.fround(mean[channel] as number));
        expect(got).toBe(x < 3 && y < 2 ? Math.fround(scaled / Math.fround(std[channel] as number)) : 0);
      }
    }
  }
});

test("a destination of another size is refused", () => {
  const table = normalisationTable(imagenetNormalisation);
  expect(() => normaliseInto(numbered(3, 2), table, new Float32Array(17))).toThrow(
    "an image of 3x2 does not fit a destination of 17 numbers for 3x2",
  );
  expect(() => normaliseInto(numbered(3, 2), table, new Float32Array(12), { height: 2, width: 2 })).toThrow(
    "does not fit",
  );
});
