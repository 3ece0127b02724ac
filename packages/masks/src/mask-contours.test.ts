import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import { decodeMask, encodeMask, joinContours, maskContours, polygonToMask, type RunLengthMask } from "./index.ts";

/** A mask drawn with letters, `#` is foreground. */
function drawn(...rows: readonly string[]): RunLengthMask {
  const pixels = [...rows.join("")].map((letter) => Number(letter === "#"));
  return encodeMask(pixels, rows.length, rows[0]?.length ?? 0);
}

/** Pixels whose middle lies within an odd number of outlines, by the plainest rule there is. */
function filled(contours: readonly (readonly number[])[], height: number, width: number): Uint8Array {
  const inside = (x: number, y: number): boolean => {
    let crossings = 0;
    for (const contour of contours) {
      for (let at = 0; at < contour.length; at += 2) {
        const [x1, y1] = [contour[at] as number, contour[at + 1] as number];
        const next = (at + 2) % contour.length;
        const [x2, y2] = [contour[next] as number, contour[next + 1] as number];
        if (y1 > y !== y2 > y && x1 + ((y - y1) / (y2 - y1)) * (x2 - x1) < x) crossings++;
      }
    }
    return crossings % 2 === 1;
  };
  return Uint8Array.from({ length: height * width }, (_, at) =>
    Number(inside((at % width) + 0.5, ((at / width) | 0) + 0.5)),
  );
}

/** Twice the area; positive where the line goes clockwise, with y downwards. */
function signedArea(contour: readonly number[]): number {
  let area = 0;
  for (let at = 0; at < contour.length; at += 2) {
    const next = (at + 2) % contour.length;
    area +=
      (contour[at] as number) * (contour[next + 1] as number) - (contour[next] as number) * (contour[at + 1] as number);
  }
  return area;
}

test("a rectangle has its four corners, in pixels of the image", () => {
  const [contour, ...others] = maskContours(drawn(".....", "..##.", "..##.", "..##.", "....."));
  expect(others).toEqual([]);
  const corners = Array.from({ length: 4 }, (_, at) => contour?.slice(2 * at, 2 * at + 2).join(","));
  expect(corners.toSorted()).toEqual(["2,1", "2,4", "4,1", "4,4"]);
  expect(signedArea(contour ?? [])).toBe(12);
});

test("a hole has an outline against the clock, parts have one each, and a corner joins none", () => {
  const ring = maskContours(drawn("####", "#..#", "####"));
  expect(ring.map(signedArea)).toEqual([24, -4]);
  expect(maskContours(drawn("#..", ".#.", "..#")).map(signedArea)).toEqual([2, 2, 2]);
  // A mask that fills its image, and an empty one.
  expect(maskContours(drawn("##", "##")).map(signedArea)).toEqual([8]);
  expect(maskContours(drawn("..", ".."))).toEqual([]);
});

test("outlines of random masks hold their pixels; so does the one polygon, as COCO draws it", () => {
  const random = new Random(3);
  for (const share of [0.1, 0.5, 0.9]) {
    for (let round = 0; round < 12; round++) {
      const [height, width] = [random.integer(1, 17), random.integer(1, 23)];
      const mask = encodeMask(
        Uint8Array.from({ length: height * width }, () => Number(random.uniform() < share)),
        height,
        width,
      );
      const contours = maskContours(mask);
      expect(filled(contours, height, width)).toEqual(decodeMask(mask));
      if (contours.length === 0) continue;
      expect(decodeMask(polygonToMask(joinContours(contours), height, width))).toEqual(decodeMask(mask));
    }
  }
});

test("a run that goes on in the next column is traced there too", () => {
  const mask = drawn(".##", "##.", "##.");
  expect(filled(maskContours(mask), 3, 3)).toEqual(decodeMask(mask));
});
