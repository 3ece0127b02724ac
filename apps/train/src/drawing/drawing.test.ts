import { decodeImage } from "@detrkit/image";
import { loadImage } from "@napi-rs/canvas";
import { expect, test } from "vitest";
import type { DrawnBox } from "./draw-boxes.ts";
import { drawBesideTruth, drawPredictions } from "./picture.ts";
import { placeLabels } from "./place-labels.ts";

const image = { width: 31, height: 23, data: new Uint8Array(31 * 23 * 3).fill(200) };
const box: DrawnBox = { label: "cat", labelId: 0, score: 0.75, box: { xmin: 3, ymin: 7, xmax: 19, ymax: 17 } };

test("a picture is a JPEG of the image's own size, large or small, unless told", async () => {
  const large = { width: 701, height: 5, data: new Uint8Array(701 * 5 * 3) };
  for (const source of [image, large]) {
    const bytes = Buffer.from(await drawPredictions(source, [box]));
    expect(bytes.subarray(0, 2).toString("hex")).toBe("ffd8");
    const picture = await loadImage(bytes);
    expect([picture.width, picture.height]).toEqual([source.width, source.height]);
  }
  const enlarged = Buffer.from(await drawPredictions(image, [box], { type: "png", longerSide: 620 }));
  expect(enlarged.subarray(1, 4).toString()).toBe("PNG");
  expect((await loadImage(enlarged)).height).toBe(23 * 20);
});

test("without boxes the picture is the image", async () => {
  const bytes = await drawPredictions(image, [], { type: "png" });
  expect(await decodeImage(bytes)).toEqual(image);
});

test("a box changes the picture, and the same boxes give the same bytes", async () => {
  const [empty, drawn, again] = await Promise.all([
    drawPredictions(image, []),
    drawPredictions(image, [box]),
    drawPredictions(image, [box]),
  ]);
  expect(Buffer.compare(Buffer.from(drawn), Buffer.from(again))).toBe(0);
  expect(Buffer.compare(Buffer.from(drawn), Buffer.from(empty))).not.toBe(0);
});

test("truth and predictions stand side by side", async () => {
  const picture = await loadImage(Buffer.from(await drawBesideTruth(image, [box], [])));
  expect(picture.width).toBeGreaterThan(2 * 31 * 19);
});

test.each([
  [31, 23],
  [640, 480],
  [480, 640],
  [1300, 970],
])("what is written beside the truth can be read on a page, of an image of %d×%d", async (width, height) => {
  const black = { width, height, data: new Uint8Array(width * height * 3) };
  const picture = await loadImage(Buffer.from(await drawBesideTruth(black, [], [])));
  const scale = Math.floor(picture.width / 2 / width);
  // The heading is two lines of text high; a page shows the picture about 590 pixels wide.
  const fontSize = (picture.height - height * scale) / 2;
  expect((fontSize * 590) / picture.width).toBeGreaterThan(9);
  expect((fontSize * 590) / picture.width).toBeLessThan(12);
});

test("labels of boxes at one place do not cover each other, and stay on the canvas", () => {
  const canvas = { x: 0, y: 0, width: 101, height: 67 };
  const boxes = Array.from({ length: 3 }, () => ({ x: 43, y: 29, width: 23, height: 19 }));
  const places = placeLabels(
    boxes,
    boxes.map(() => ({ width: 37, height: 11 })),
    canvas,
  );
  expect(new Set(places.map(({ x, y }) => `${x},${y}`)).size).toBe(3);
  const [corner] = placeLabels([{ x: 97, y: 2, width: 3, height: 3 }], [{ width: 37, height: 11 }], canvas);
  expect(corner).toEqual({ x: 64, y: 0, width: 37, height: 11 });
});
