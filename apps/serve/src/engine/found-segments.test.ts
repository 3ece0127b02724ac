import { decodeImage } from "@detrkit/image";
import { segmentIdsOfColours } from "@detrkit/masks";
import sharp from "sharp";
import { expect, test } from "vitest";
import { foundSegments } from "./found-segments.ts";

const [width, height] = [5, 3];
const segmentIds = Int32Array.from({ length: width * height }, (_, at) => [0, 7, 70_000][at % 3] as number);
const segments = [
  { id: 7, label: "cat", labelId: 17, isThing: true, score: 0.9, area: 5 },
  { id: 70_000, label: "sky", labelId: 187, isThing: false, score: 0.95, area: 5 },
];

test("ids are one picture, as COCO codes them", async () => {
  const found = await foundSegments({ width, height, segmentIds, segments }, "ids");
  expect(found).toMatchObject({ width, height, segments });
  const picture = await decodeImage(found.ids ?? new Uint8Array());
  expect([picture.width, picture.height]).toEqual([width, height]);
  expect(segmentIdsOfColours(picture.data)).toEqual(segmentIds);
});

test("masks are a black and white picture of one channel for each segment", async () => {
  const found = await foundSegments({ width, height, segmentIds, segments }, "masks");
  expect(found.ids).toBeUndefined();
  for (const { id, mask } of found.segments) {
    const { data, info } = await sharp(mask).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
    expect(await sharp(mask).metadata()).toMatchObject({ format: "png", channels: 1, space: "b-w" });
    expect([info.width, info.height]).toEqual([width, height]);
    expect([...data]).toEqual([...segmentIds].map((own) => (own === id ? 255 : 0)));
  }
});

test("however many segments there are, the pixels of one at a time are held", async () => {
  const side = 1000;
  const many = Array.from({ length: 60 }, (_, at) => ({ ...(segments[0] as (typeof segments)[0]), id: at + 1 }));
  const large = Int32Array.from({ length: side * side }, (_, at) => 1 + (at % 60));
  const before = process.memoryUsage().arrayBuffers;
  const encoding = foundSegments({ width: side, height: side, segmentIds: large, segments: many }, "masks");
  // What is held before anything is waited for.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * side * side);
  expect((await encoding).segments.map(({ id }) => id)).toEqual(many.map(({ id }) => id));
});
