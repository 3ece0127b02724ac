import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodePng } from "@detrkit/image";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkDataset, openDataset } from "./index.ts";

// Whatever is in a data set's folder and has no part in it is counted and named.
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-left-out-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(files: Readonly<Record<string, string>>, images: readonly string[]): Promise<void> {
  for (const [index, path] of [...images, ...Object.keys(files)].entries()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    const pixels = { width: 20, height: 10, data: new Uint8Array(600).fill(index) };
    await writeFile(join(folder, path), files[path] ?? (await encodePng(pixels)));
  }
}

/** Kinds of findings with the names of the files they are about. */
async function found(): Promise<Record<string, string[]>> {
  const { findings } = await checkDataset(folder);
  return Object.fromEntries(
    findings.map(({ kind, examples }) => [kind, examples.map(({ file }) => file.slice(folder.length + 1)).toSorted()]),
  );
}

const voc = (name: string): string =>
  `<annotation><object><name>${name}</name><bndbox><xmin>3</xmin><ymin>2</ymin><xmax>8</xmax><ymax>6</ymax></bndbox>` +
  "</object></annotation>";
const box = "0 0.25 0.35 0.3 0.5\n";
const coco = (...names: readonly string[]): string =>
  JSON.stringify({
    images: names.map((name, index) => ({ id: index + 1, file_name: name, width: 20, height: 10 })),
    annotations: names.map((_, index) => ({ id: index + 1, image_id: index + 1, category_id: 1, bbox: [2, 1, 6, 5] })),
    categories: [{ id: 1, name: "cat" }],
  });

test("VOC: an image without XML, XML that no list names, classes that differ in case", async () => {
  const annotations = {
    "Annotations/a.xml": voc("cat"),
    "Annotations/b.xml": voc("Cat"),
    "Annotations/c.xml": voc("cat"),
  };
  await put({ ...annotations, "ImageSets/Main/train.txt": "a\n", "ImageSets/Main/val.txt": "b\n" }, [
    "JPEGImages/a.png",
    "JPEGImages/b.png",
    "JPEGImages/c.png",
    "JPEGImages/d.png",
  ]);
  expect(await found()).toEqual({
    "image-without-labels": ["JPEGImages/d.png"],
    "unlisted-image": ["Annotations/c.xml"],
    "alike-classes": [""],
    "class-without-boxes": ["", ""],
  });
});

test("YOLO: an image without labels, labels without an image, an image in no split", async () => {
  await put(
    {
      "data.yaml": "train: images/train\nval: images/val\nnames: [cat]\n",
      "labels/train/a.txt": box,
      "labels/val/b.txt": box,
      "labels/train/gone.txt": box,
      "notes.txt": "not labels",
    },
    ["images/train/a.png", "images/train/plain.png", "images/val/b.png", "images/c.png"],
  );
  expect(await found()).toEqual({
    "image-without-labels": ["images/train/plain.png"],
    "image-without-boxes": ["images/train/plain.png"],
    "labels-without-image": ["labels/train/gone.txt"],
    "unlisted-image": ["images/c.png"],
  });
});

test("COCO: an image that no JSON lists, and not one that only the other split's lists", async () => {
  await put({ "train.json": coco("a.png"), "val.json": coco("b.png") }, [
    "images/a.png",
    "images/b.png",
    "images/c.png",
  ]);
  // Once, though both splits look at that folder.
  expect(await found()).toEqual({ "unlisted-image": ["images/c.png"] });
});

test("CSV: an image that no row names", async () => {
  await put({ "boxes.csv": "file,class,xmin,ymin,xmax,ymax\na.png,cat,2,1,8,6\n" }, ["a.png", "b.png"]);
  expect(await found()).toEqual({ "unlisted-image": ["b.png"] });
});

test("an empty split, and one to train on without a box, are wrong", async () => {
  await put({ "train.json": coco(), "val.json": coco("b.png") }, ["b.png"]);
  const { findings, wrong } = await checkDataset(folder);
  expect(wrong).toBe(true);
  expect(findings[0]?.examples).toEqual([{ kind: "empty-split", file: folder, detail: 'split "train" has no image' }]);
  await expect(openDataset(folder)).rejects.toThrow("no images");
  await put({ "train.json": coco("b.png").replace(/"annotations":\[.*?\],/u, '"annotations":[],') }, []);
  expect((await checkDataset(folder)).findings[0]?.examples[0]?.detail).toBe('split "train" has no box in any image');
});

test("a class that only the second split defines is refused by the check as by training", async () => {
  await put({ "train.json": coco("a.png"), "val.json": coco("b.png").replace('"cat"', '"dog"') }, ["a.png", "b.png"]);
  expect(Object.keys(await found())).toContain("unknown-category");
  await expect(openDataset(folder, { split: "val", classes: ["cat"] })).rejects.toThrow("none of the 1");
});
