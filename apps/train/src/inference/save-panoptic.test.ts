import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeImage } from "@detrkit/image";
import { segmentIdsOfColours } from "@detrkit/masks";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { PanopticFiles } from "./save-panoptic.ts";

const folder = temporaryFolder();
const [width, height] = [7, 5];
const categories = [
  { id: 17, name: "cat" },
  { id: 187, name: "sky", isThing: false },
];
// The upper two rows are sky, a cat of two by two pixels lies at 3, 2; the rest is nothing.
const segmentIds = Int32Array.from({ length: width * height }, (_, at) => {
  const [x, y] = [at % width, Math.floor(at / width)];
  return y < 2 ? 300 : x >= 3 && x < 5 && y < 4 ? 2 : 0;
});
const segments = [
  { id: 2, label: "cat", labelId: 17, isThing: true, score: 0.9, area: 4 },
  { id: 300, label: "sky", labelId: 187, isThing: false, score: 0.8, area: 14 },
];

test("segments are COCO's panoptic files: a picture of ids, and a list with areas and boxes", async () => {
  const files = new PanopticFiles({ folder, categories });
  const png = await files.add("photos/deeper/a.jpg", join("deeper", "a"), { width, height, segmentIds, segments });
  await files.add("photos/b.jpg", "b", { width, height, segmentIds: segmentIds.map(() => 0), segments: [] });
  expect(png).toBe(join(folder, "panoptic", "deeper", "a.png"));
  expect(segmentIdsOfColours((await decodeImage(png)).data)).toEqual(segmentIds);
  expect(JSON.parse(await readFile(await files.finish(), "utf8"))).toEqual({
    images: [
      { id: 1, file_name: "photos/deeper/a.jpg", width, height },
      { id: 2, file_name: "photos/b.jpg", width, height },
    ],
    annotations: [
      {
        image_id: 1,
        file_name: "deeper/a.png",
        segments_info: [
          { id: 2, category_id: 17, area: 4, bbox: [3, 2, 2, 2], iscrowd: 0 },
          { id: 300, category_id: 187, area: 14, bbox: [0, 0, 7, 2], iscrowd: 0 },
        ],
      },
      { image_id: 2, file_name: "b.png", segments_info: [] },
    ],
    categories: [
      { id: 17, name: "cat", isthing: 1 },
      { id: 187, name: "sky", isthing: 0 },
    ],
  });
});

test("with somebody's annotations their ids are written", async () => {
  const cocoIds = {
    images: new Map([["b.jpg", 41]]),
    categories: new Map([
      ["cat", 3],
      ["sky", 5],
    ]),
  };
  const files = new PanopticFiles({ folder: join(folder, "ids"), categories, cocoIds });
  await files.add("b.jpg", "b", { width, height, segmentIds, segments });
  const written = JSON.parse(await readFile(await files.finish(), "utf8")) as {
    readonly annotations: readonly { readonly image_id: number; readonly segments_info: readonly object[] }[];
    readonly categories: readonly object[];
  };
  expect(written.annotations[0]).toMatchObject({
    image_id: 41,
    segments_info: [{ category_id: 3 }, { category_id: 5 }],
  });
  expect(written.categories).toMatchObject([{ id: 3 }, { id: 5 }]);
});
