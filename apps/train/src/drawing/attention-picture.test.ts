import { loadImage } from "@napi-rs/canvas";
import { decodeImage } from "@detrkit/image";
import { expect, test } from "vitest";
import { drawAttention } from "./attention-picture.ts";

const grey = { width: 560, height: 280, data: new Uint8Array(560 * 280 * 3).fill(200) };

/** Red, green and blue at a place of the image, below the caption. */
async function colourAt(png: Uint8Array, x: number, y: number): Promise<number[]> {
  const { width, height, data } = await decodeImage(png);
  const at = ((height - grey.height + y) * width + x) * 3;
  return [...data.subarray(at, at + 3)];
}

test("the heaviest cell glows, a cell without weight stays dark", async () => {
  const attention = { kind: "dense" as const, width: 2, height: 1, weights: [0, 1] };
  const png = await drawAttention(grey, attention, { caption: "cat 0.90" }, "png");
  const [dark, bright] = [await colourAt(png, 20, 140), await colourAt(png, 540, 140)];
  expect(dark).toEqual([110, 110, 110]);
  expect(bright[0]).toBeGreaterThan(220);
});

test("a sampled point is drawn where it lies, in the colour of its level, larger with more weight", async () => {
  const points = [
    { x: 140, y: 70, weight: 0.9, head: 0, level: 0 },
    { x: 420, y: 210, weight: 0.1, head: 0, level: 1 },
    { x: 900, y: 70, weight: 0, head: 1, level: 1 },
  ];
  const png = await drawAttention(
    grey,
    { kind: "sampled", points },
    { caption: "x", point: { x: 280, y: 140 } },
    "png",
  );
  const [first, second, cross] = [
    await colourAt(png, 140, 70),
    await colourAt(png, 420, 210),
    await colourAt(png, 280, 140),
  ];
  expect(first[2]).toBeGreaterThan((first[0] as number) + 50);
  expect(second[0]).toBeGreaterThan((second[2] as number) + 50);
  expect(cross).toEqual([255, 255, 255]);
  expect(await colourAt(png, 146, 70)).toEqual(first);
  expect(await colourAt(png, 426, 210)).not.toEqual(second);
});

test("boxes have their class's colour, and the picture is as wide as the image", async () => {
  const box = { label: "cat", labelId: 3, score: 0.9, box: { xmin: 50, ymin: 50, xmax: 150, ymax: 150 } };
  const attention = { kind: "sampled" as const, points: [] };
  const png = await drawAttention(grey, attention, { caption: "cat", detection: box }, "png");
  expect((await loadImage(Buffer.from(png))).width).toBe(560);
  // The box's line is that of class 3: more red than green.
  const [red = 0, green = 0] = await colourAt(png, 50, 120);
  expect(red - green).toBeGreaterThan(80);
});
