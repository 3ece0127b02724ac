import { Random } from "@detrkit/common";
import { describe, expect, test } from "vitest";
import {
  applyOperations,
  type Draws,
  expand,
  fixedSize,
  type ImageObjects,
  type ImageSize,
  letterboxed,
  mosaic,
  type OtherImages,
  planTransforms,
  type RgbImage,
  transformObjects,
} from "../pixels.ts";

const level = (image: RgbImage, x: number, y: number): number => image.data[3 * (y * image.width + x)] as number;

/** An image of one level. */
const plain = ({ width, height }: ImageSize, value: number): RgbImage => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(value),
});

/** Objects with these boxes; labels count from `first`, masks are the boxes. */
function objectsOf(size: ImageSize, first: number, ...boxes: readonly (readonly number[])[]): ImageObjects {
  return {
    size,
    boxes: Float32Array.from(boxes.flat()),
    labels: Int32Array.from(boxes, (_, index) => first + index),
    areas: Float32Array.from(boxes, () => 1),
    indices: Int32Array.from(boxes, (_, index) => index),
    masks: boxes.map(([left = 0, top = 0, right = 0, bottom = 0]) => {
      const data = new Uint8Array(size.width * size.height);
      for (let y = top; y < bottom; y++) data.fill(1, y * size.width + left, y * size.width + right);
      return { ...size, data };
    }),
  };
}

/** Expects every mask to be where its box is, but for a pixel at its border. */
function expectMasksInBoxes({ boxes, masks = [], size }: ImageObjects): void {
  masks.forEach(({ data, width, height }, index) => {
    expect({ width, height }).toEqual(size);
    const [left = 0, top = 0, right = 0, bottom = 0] = boxes.subarray(4 * index, 4 * index + 4);
    data.forEach((value, at) => {
      const [x, y] = [(at % width) + 0.5, Math.floor(at / width) + 0.5];
      const inside = (by: number): boolean => x > left + by && x < right - by && y > top + by && y < bottom - by;
      // At the border a pixel may be of either.
      expect(inside(1) ? [1] : inside(-1) ? [0, 1] : [0]).toContain(value);
    });
  });
}

describe("expand", () => {
  const size = { width: 7, height: 5 };
  const draws = (...uniform: number[]): Draws => ({
    uniform: () => uniform.shift() as number,
    integer: (low, high) => Math.min(high, low + 3),
    choice: ([first]) => first,
  });

  test("lays the image onto a larger one of the mean colour, and its boxes with it", () => {
    const { operations, size: after } = planTransforms([expand({ probability: 1 })], size, draws(0, 0.4));
    // 1 + 3 · 0.4 times as large, sides cut to whole pixels.
    expect(after).toEqual({ width: 15, height: 11 });
    const expanded = applyOperations(plain(size, 9), operations);
    expect([...expanded.data.subarray(0, 3)]).toEqual([124, 116, 104]);
    for (const [x, y, value] of [
      [3, 3, 9],
      [9, 7, 9],
      [2, 3, 124],
      [10, 7, 124],
      [9, 8, 124],
    ] as const)
      expect(level(expanded, x, y)).toBe(value);
    const objects = operations.reduce(transformObjects, objectsOf(size, 0, [1, 2, 6, 5]));
    expect([...objects.boxes]).toEqual([4, 5, 9, 8]);
    expect([...objects.areas]).toEqual([15]);
    expectMasksInBoxes(objects);
  });

  test("happens with its probability, and never shrinks", () => {
    const step = expand({ probability: 0.3, maxRatio: 2, fill: [1, 2, 3] });
    const sizes = Array.from({ length: 300 }, (_, seed) => planTransforms([step], size, new Random(seed)).size);
    const expanded = sizes.filter(({ width, height }) => width > 7 || height > 5);
    expect(Math.abs(expanded.length - 85)).toBeLessThan(30);
    for (const { width, height } of sizes)
      expect([width >= 7, height >= 5, width <= 14, height <= 10]).not.toContain(false);
    expect(() => planTransforms([expand({ probability: 1, maxRatio: 0.5 })], size, new Random(1))).toThrow(
      'transform "expand": maxRatio expected a number from 1, got 0.5',
    );
  });
});

describe("mosaic", () => {
  const own = { width: 40, height: 20 };
  const others: readonly (ImageSize & { readonly objects: ImageObjects })[] = [
    { width: 20, height: 40 },
    { width: 10, height: 10 },
    { width: 80, height: 40 },
  ].map((size, index) => ({
    ...size,
    // A box of the whole image, and one in its middle.
    objects: objectsOf(
      size,
      10 * (index + 1),
      [0, 0, size.width, size.height],
      [0.4, 0.4, 0.6, 0.6].map((part, axis) => Math.round(part * (axis % 2 === 0 ? size.width : size.height))),
    ),
  }));
  const images: OtherImages = {
    length: others.length,
    at: (position) => {
      const { objects, width, height } = others[position] as (typeof others)[number];
      return { position, size: { width, height }, objects };
    },
  };
  const step = mosaic({ probability: 1, width: 40, height: 40 });
  /** Draws: whether, the others in order, the scale, then where the images meet, across and down. */
  const draws = (...uniform: number[]): Draws => {
    const integers = [0, 1, 2];
    return { uniform: () => uniform.shift() as number, integer: () => integers.shift() as number, choice: ([a]) => a };
  };
  const pixels = new Map(others.map((size, index) => [index, plain(size, 60 + 60 * index)]));

  test("four images meet in a point, each fitted into the size, cut at the border", () => {
    const { operations, size } = planTransforms([step], own, draws(0, 0.5, 0.5, 0.25), images);
    expect(size).toEqual({ width: 40, height: 40 });
    const result = applyOperations(plain(own, 9), operations, pixels);
    // Scale 1, the point at 20 across and 10 down. Images: 40×20, 20×40, 40×40 and 40×20.
    for (const [x, y, value] of [
      [0, 0, 9],
      [19, 9, 9],
      [20, 0, 60],
      [39, 9, 60],
      [19, 10, 120],
      [0, 39, 120],
      [20, 10, 180],
      [39, 29, 180],
      // Below the last one there is nothing.
      [20, 30, 114],
      [39, 39, 114],
    ] as const)
      expect([x, y, level(result, x, y)]).toEqual([x, y, value]);
  });

  test("boxes go with their images; they are cut, and left out where little of them is left", () => {
    const { operations } = planTransforms([step], own, draws(0, 0.5, 0.5, 0.25), images);
    // Of the own image 20×10 pixels at the lower right are seen: nothing of the first box, half of the second, and of
    // the third a corner of a hundredth.
    const before = objectsOf(own, 0, [0, 0, 20, 10], [10, 10, 30, 20], [0, 0, 22, 12]);
    const after = operations.reduce(transformObjects, before);
    const found = Array.from(after.labels, (label, index) => [
      label,
      ...after.boxes.subarray(4 * index, 4 * index + 4),
    ]);
    expect(found).toEqual([
      [1, 0, 0, 10, 10],
      [10, 20, 0, 40, 10],
      [20, 0, 10, 20, 40],
      [21, 0, 26, 4, 34],
      [30, 20, 10, 40, 30],
      [31, 36, 18, 40, 22],
    ]);
    expect([...after.indices]).toEqual([1, -1, -1, -1, -1, -1]);
    expect(after.areas[0]).toBe(100);
    expectMasksInBoxes(after);
  });

  test("happens with its probability, and draws others only then", () => {
    const drawn = Array.from({ length: 300 }, (_, seed) =>
      planTransforms([mosaic({ probability: 0.5, width: 40, height: 40 })], own, new Random(seed), images),
    );
    const mosaics = drawn.filter(({ operations }) => operations.length === 1);
    expect(Math.abs(mosaics.length - 150)).toBeLessThan(30);
    expect(new Set(mosaics.flatMap(({ operations: [one] }) => one?.others?.map(({ position }) => position))).size).toBe(
      3,
    );
    const never = mosaic({ probability: 0, width: 40, height: 40 });
    expect(planTransforms([never], own, new Random(1)).operations).toEqual([]);
  });

  test("whatever is drawn, every pixel is of an image or grey, and every box in the picture", () => {
    for (let seed = 0; seed < 100; seed++) {
      const { operations } = planTransforms([step], own, new Random(seed), images);
      const result = applyOperations(plain(own, 9), operations, pixels);
      expect(result.data.every((value) => [9, 60, 120, 180, 114].includes(value))).toBe(true);
      const { boxes } = operations.reduce(transformObjects, objectsOf(own, 0, [4, 4, 30, 16]));
      boxes.forEach((edge) => expect(edge >= 0 && edge <= 40).toBe(true));
      for (let at = 0; at < boxes.length; at += 4) {
        const [left = 0, top = 0, right = 0, bottom = 0] = boxes.subarray(at, at + 4);
        expect(Math.min(right - left, bottom - top)).toBeGreaterThan(2);
      }
    }
  });

  test("without a data set it says what it needs", () => {
    expect(() => planTransforms([step], own, new Random(1))).toThrow(
      'transform "mosaic": needs other images of a data set, which only training has; leave it out of this recipe',
    );
  });
});

test("recipes have them in their order, and only when training", () => {
  const options = {
    mosaic: { probability: 0.5 },
    expand: { probability: 0.25 },
    colourJitter: { hue: 0.1 },
  };
  const size = { width: 32, height: 24 };
  expect(letterboxed(size, { ...options, training: true }).steps).toEqual([
    { kind: "mosaic", probability: 0.5, ...size },
    { kind: "horizontalFlip", probability: 0.5 },
    { kind: "letterbox", ...size },
    { kind: "expand", probability: 0.25 },
    { kind: "letterbox", ...size },
    { kind: "colourJitter", hue: 0.1 },
  ]);
  expect(letterboxed(size, { ...options, training: false })).toEqual(letterboxed(size, { training: false }));
  expect(fixedSize(size, { ...options, training: true }).steps.map(({ kind }) => kind)).toContain("resizeTo");
});
