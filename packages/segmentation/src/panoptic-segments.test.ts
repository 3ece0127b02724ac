import { expect, test } from "vitest";
import { panopticSegments, segmentsOfGrid } from "./panoptic-segments.ts";

/** Labels below 10 are things. */
const isThing = (label: number): boolean => label < 10;
const size = { height: 2, width: 6 };

/** A picture in which each letter is a mask of its own: it is highest there, and the next letter comes second. */
function gridOf(picture: string, masks: string) {
  const pixels = [...picture.replaceAll(/\s/g, "")];
  const logits = [...masks].flatMap((mask, index) =>
    pixels.map((pixel) =>
      pixel === mask ? 5 : masks[(masks.indexOf(pixel) + 1) % masks.length] === mask ? 1 : -index,
    ),
  );
  return {
    logits: Float32Array.from(logits),
    cells: size,
    cellsPerPixel: { height: 1, width: 1 },
    size,
    sourceSize: size,
  };
}

test("each pixel belongs to the highest mask", () => {
  const { segments, segmentIds } = segmentsOfGrid(
    gridOf("aaabbb aaabbb", "ab"),
    [
      { label: 3, score: 0.9 },
      { label: 3, score: 0.95 },
    ],
    { isThing },
  );
  expect([...segmentIds]).toEqual([1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
  expect(segments).toEqual([
    { id: 1, label: 3, isThing: true, area: 6, score: 0.9 },
    { id: 2, label: 3, isThing: true, area: 6, score: 0.95 },
  ]);
});

test("stuff of one class is one segment", () => {
  const { segments, segmentIds } = segmentsOfGrid(
    gridOf("aaabbb aaabcc", "abc"),
    [
      { label: 12, score: 0.9 },
      { label: 11, score: 0.95 },
      { label: 12, score: 0.99 },
    ],
    { isThing, smallest: 1 },
  );
  // c is of the class of a. It has no pixels left then and is dropped, and its pixels go to the second highest mask.
  expect(segments.map(({ label, area }) => [label, area])).toEqual([
    [12, 8],
    [11, 4],
  ]);
  expect([...segmentIds]).toEqual([1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 1, 1]);
});

test("small segments are dropped again and again, and their pixels go to the next highest", () => {
  const found = [
    { label: 1, score: 0.9 },
    { label: 2, score: 0.9 },
    { label: 3, score: 0.9 },
  ];
  const picture = gridOf("aaaaab aaabbb", "abc");
  expect(segmentsOfGrid(picture, found, { isThing }).segments.map(({ label, area }) => [label, area])).toEqual([
    [1, 12],
  ]);
  expect(segmentsOfGrid(picture, found, { isThing, smallest: 3 }).segments).toHaveLength(2);
});

test("where nothing is left every pixel is of no segment", async () => {
  const nothing = segmentsOfGrid(
    gridOf("aaabbb aaabbb", "ab"),
    [
      { label: 1, score: 0.9 },
      { label: 1, score: 0.9 },
    ],
    {
      isThing,
      smallest: 12,
    },
  );
  expect(nothing).toEqual({ ...size, segmentIds: new Int32Array(12), segments: [] });
  const masks = {
    ofImage: () => {
      throw new Error("no mask is needed");
    },
  };
  const candidates = [{ labels: [1], scores: [0.85], queries: [0] }];
  expect(await panopticSegments(masks, { candidates, sizes: [size], sourceSizes: [size], isThing })).toEqual([nothing]);
});

test("a smallest area of 0 keeps no segment without pixels, and one that is no area is refused", async () => {
  const found = [
    { label: 12, score: 0.9 },
    { label: 12, score: 0.95 },
  ];
  const picture = gridOf("aaabbb aaabbb", "ab");
  expect(segmentsOfGrid(picture, found, { isThing, smallest: 0 }).segments).toMatchObject([{ area: 12 }]);
  const masks = {
    ofImage: () => {
      throw new Error("no mask is needed");
    },
  };
  for (const smallest of [-1, Number.NaN]) {
    const expected = `panopticSegments: smallest expected 0 pixels or more, got ${smallest}`;
    expect(() => segmentsOfGrid(picture, found, { isThing, smallest })).toThrow(expected);
    const options = { candidates: [], sizes: [], sourceSizes: [], isThing, smallest };
    await expect(panopticSegments(masks, options)).rejects.toThrow(expected);
  }
});
