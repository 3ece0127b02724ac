import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Dataset, listSplits, openDataset, readDataset, toCocoGroundTruth } from "../../index.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-coco-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

const images = [
  { id: 70, file_name: "b.jpg", width: 100, height: 50 },
  { id: 3, file_name: "a.jpg", width: 60, height: 40 },
];
const categories = [
  { id: 90, name: "cat" },
  { id: 2, name: "dog" },
];
const annotation = (id: number, more: object = {}): object => ({
  id,
  image_id: 3,
  category_id: 90,
  bbox: [1.5, 2, 10.25, 20],
  area: 77,
  iscrowd: 0,
  ...more,
});
const kinds = ({ problems }: Dataset): string[] => problems.map(({ kind }) => kind);

async function coco(annotations: readonly object[], more: object = {}): Promise<string> {
  await put("annotations/instances_train.json", JSON.stringify({ images, categories, annotations, ...more }));
  await put("images/train/a.jpg", "x");
  await put("images/train/b.jpg", "x");
  return `coco:${folder}`;
}

test("ids with gaps become contiguous labels, boxes edges, areas COCO's own", async () => {
  const dataset = await openDataset(
    await coco([annotation(5), annotation(6, { category_id: 2, image_id: 70, iscrowd: 1, area: 3.5 })]),
  );
  expect(dataset.classes).toEqual(["dog", "cat"]);
  expect(dataset.categoryIds).toEqual([2, 90]);
  const [first, second] = dataset.records;
  expect(first).toMatchObject({
    id: 70,
    name: "b.jpg",
    width: 100,
    height: 50,
    source: join(folder, "images/train/b.jpg"),
  });
  expect([[...(first?.labels ?? [])], [...(first?.crowd ?? [])], [...(first?.areas ?? [])]]).toEqual([[0], [1], [3.5]]);
  expect([...(second?.boxes ?? [])]).toEqual([1.5, 2, 11.75, 22]);
  expect([...(second?.annotationIds ?? [])]).toEqual([5]);
});

test("the ground truth for evaluation holds the file's own numbers", async () => {
  const segmentation = [[1, 2, 3, 4, 5, 6]];
  const source = annotation(5, { bbox: [0.1, 0.2, 0.7, 0.4], segmentation });
  const truth = toCocoGroundTruth(await openDataset(await coco([source])));
  expect(truth.annotations).toEqual([source]);
  expect(truth.images).toEqual(images);
  expect(truth.categories).toEqual(categories.toReversed());
});

test("a missing area is that of the box", async () => {
  const dataset = await openDataset(await coco([{ id: 1, image_id: 3, category_id: 2, bbox: [1, 2, 5, 7] }]));
  expect([...(dataset.records[1]?.areas ?? [])]).toEqual([35]);
});

test("the caller's class order wins, and a class that it lacks is an error", async () => {
  const spec = await coco([annotation(5), annotation(6, { category_id: 2 })]);
  const dataset = await openDataset(spec, { classes: ["bird", "cat", "dog"] });
  expect([...(dataset.records[1]?.labels ?? [])]).toEqual([1, 2]);
  expect(dataset.categoryIds).toEqual([-1, 90, 2]);
  await expect(openDataset(spec, { classes: ["cat"] })).rejects.toThrow(
    "annotations[1] (id 6): category 2 is none of the 1 that are defined",
  );
});

test("boxes that can't be trained on are left out, named and counted", async () => {
  const dataset = await openDataset(
    await coco([
      annotation(1, { bbox: [1, 1, 0, 5] }),
      annotation(2, { bbox: [1, 1, null, 5] }),
      annotation(3, { bbox: [60, 1, 5, 5] }),
      annotation(4, { bbox: [50, 30, 20, 20] }),
      annotation(5, { bbox: [2, 3, 10, 10] }),
      annotation(5, { bbox: [20, 3, 10, 10] }),
      annotation(7, { image_id: 4 }),
      annotation(8, { bbox: [2, 3, 10, 10.5] }),
    ]),
  );
  expect([...(dataset.records[1]?.annotationIds ?? [])]).toEqual([4, 5, 8]);
  expect(kinds(dataset).toSorted()).toEqual(
    [
      "annotation-without-image",
      "box-clipped",
      "box-no-area",
      "box-not-finite",
      "box-outside",
      "duplicate-annotation-id",
      "duplicate-box",
      "image-without-boxes",
    ].toSorted(),
  );
  expect(dataset.problems.find(({ kind }) => kind === "box-not-finite")).toEqual({
    kind: "box-not-finite",
    file: join(folder, "annotations/instances_train.json"),
    detail: "a.jpg, annotations[1] (id 2): box [1, 1, NaN, 6] is not four finite numbers",
  });
});

test("what makes training wrong stops it, with the first places", async () => {
  await expect(openDataset(await coco([annotation(1, { category_id: 4 })]))).rejects.toThrow(
    /1 defects that cannot be worked around[\s\S]*category 4 is none of the 2 that are defined[\s\S]*check-data/u,
  );
  await expect(openDataset(await coco([], { images: [images[0], { ...images[1], id: 70 }] }))).rejects.toThrow(
    'images[1] "a.jpg": id 70 was used before',
  );
  await expect(openDataset(await coco([], { categories: [...categories, { id: 5, name: "cat" }] }))).rejects.toThrow(
    'category 5 "cat" is defined twice',
  );
  await expect(
    openDataset(await coco([], { images: [...images, { id: 9, file_name: "gone.jpg", width: 5, height: 5 }] })),
  ).rejects.toThrow(`"gone.jpg": no such file in ${join(folder, "images/train")}`);
});

test("another spelling or extension of a file name is found and said", async () => {
  const spec = await coco([], {
    images: [
      { id: 1, file_name: "A.JPG", width: 5, height: 5 },
      { id: 2, file_name: "b.png", width: 5, height: 5 },
    ],
  });
  const dataset = await openDataset(spec);
  expect(
    dataset.problems.filter(({ kind }) => kind !== "image-without-boxes").map(({ kind, detail }) => [kind, detail]),
  ).toEqual([
    ["wrong-case-file", `"A.JPG" is spelled "a.jpg" in ${join(folder, "images/train")}`],
    ["renamed-image", `"b.png" is "b.jpg" in ${join(folder, "images/train")}`],
  ]);
});

test("broken JSON is named with its line, a file of another kind with what it lacks", async () => {
  await put("broken.json", '{\n  "images": [],\n  "annotations": [,]\n}');
  await put("list.json", "[]");
  await expect(openDataset(`coco:${join(folder, "broken.json")}`)).rejects.toThrow(/broken\.json:3: not valid JSON/u);
  await put("cut.json", '{\n  "images": [],\n  "annotations": [{"id": 1,\n  "bbox": [1, 2, ');
  await expect(openDataset(`coco:${join(folder, "cut.json")}`)).rejects.toThrow(/cut\.json:4: not valid JSON/u);
  await expect(openDataset(`coco:${join(folder, "list.json")}`)).rejects.toThrow('"images" expected a list of objects');
});

test("splits are found in the usual places", async () => {
  const content = JSON.stringify({ images, categories, annotations: [] });
  await put("train.json", content);
  await put("val.json", content);
  await put("valid/_annotations.coco.json", content);
  for (const name of ["a.jpg", "b.jpg"])
    for (const place of ["train", "val", "photos"]) await put(`${place}/${name}`, "x");
  expect(await listSplits(`coco:${folder}`)).toEqual(["train", "val"]);
  expect((await readDataset(`coco:${folder}`, { split: "val" })).records[0]?.source).toBe(join(folder, "val/b.jpg"));
  const [train, val, photos] = ["train.json", "valid/_annotations.coco.json", "photos"].map((path) =>
    join(folder, path),
  );
  const named = `coco:${train},val=${val},images=${photos}`;
  expect(await listSplits(named)).toEqual(["train", "val"]);
  expect((await readDataset(named, { split: "val" })).records[0]?.source).toBe(join(folder, "photos/b.jpg"));
  await expect(openDataset(`coco:${folder}`, { split: "test" })).rejects.toThrow('no annotations of split "test"');
  await expect(openDataset("coco:/nowhere/at/all")).rejects.toThrow("/nowhere/at/all does not exist");
});
