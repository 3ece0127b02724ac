import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodePng } from "@detrkit/image";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listSplits, openDataset, readDataset } from "../../index.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-yolo-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

const image = (path: string, width: number, height: number): Promise<void> =>
  encodePng({ width, height, data: new Uint8Array(width * height * 3) }).then((bytes) => put(path, bytes));

test("fractions of the sides become pixels; names are a list or a map", async () => {
  await image("images/train/a.png", 20, 50);
  await put("labels/train/a.txt", "1 0.5 0.5 0.5 0.2\n\n0 0.25 0.1 0.5 0.2\n");
  for (const names of ["[ant, bee]", "{0: ant, 1: bee}", "\n  0: ant\n  1: bee"]) {
    await put("data.yaml", `path: .\ntrain: images/train\nnames: ${names}\n`);
    for (const spec of [`yolo:${folder}`, `yolo:${join(folder, "data.yaml")}`]) {
      const dataset = await openDataset(spec);
      expect(dataset.classes).toEqual(["ant", "bee"]);
      expect(dataset.records[0]).toMatchObject({ id: 1, name: "images/train/a.png", width: 20, height: 50 });
      expect([...(dataset.records[0]?.labels ?? [])]).toEqual([1, 0]);
      expect([...(dataset.records[0]?.boxes ?? [])]).toEqual([5, 20, 15, 30, 0, 0, 10, 10]);
    }
  }
});

test("splits may be folders, several folders, or lists; an image without labels is background", async () => {
  await image("train/images/a.png", 10, 10);
  await image("train/images/b.png", 10, 10);
  await image("more/images/c.png", 10, 10);
  await put("train/labels/a.txt", "0 0.5 0.5 0.5 0.5");
  await put("lists/val.txt", "../train/images/b.png\n./../more/images/c.png\n");
  // As exported by labelling services: a path that is right nowhere but on their side.
  await put("data.yaml", "train: [../train/images, more/images]\nval: lists/val.txt\ntest:\nnames: [ant]\n");
  expect(await listSplits(`yolo:${folder}`)).toEqual(["train", "val"]);
  const train = await openDataset(`yolo:${folder}`);
  expect(train.records.map(({ name, labels }) => [name, labels.length])).toEqual([
    ["train/images/a.png", 1],
    ["train/images/b.png", 0],
    ["more/images/c.png", 0],
  ]);
  const val = await openDataset(`yolo:${folder}`, { split: "val" });
  expect(val.records.map(({ name }) => name)).toEqual(["train/images/b.png", "more/images/c.png"]);
  await expect(openDataset(`yolo:${folder}`, { split: "test" })).rejects.toThrow(
    'has no split "test"; it has train, val',
  );
});

test("a folder without a data file takes its names from classes.txt", async () => {
  await image("images/train/a.png", 10, 10);
  await put("labels/train/a.txt", "1 0.1 0.1 0.3 0.1 0.3 0.5");
  await expect(openDataset(`yolo:${folder}`)).rejects.toThrow("found neither data.yaml nor classes.txt");
  await put("classes.txt", "ant\nbee\n");
  const dataset = await openDataset(`yolo:${folder}`);
  // A polygon's box is what it spans.
  expect([...(dataset.records[0]?.boxes ?? [])]).toEqual([1, 1, 3, 5]);
});

test("polygons are masks too; a file may hold both, and where masks are wanted its image is left out", async () => {
  await image("images/train/a.png", 20, 10);
  await image("images/train/b.png", 20, 10);
  await put("labels/train/a.txt", "1 0.1 0.1 0.3 0.1 0.3 0.5 0.1 0.5\n0 0.5 0.2 0.9 0.2 0.9 0.6\n");
  await put("labels/train/b.txt", "0 0.1 0.1 0.3 0.1 0.3 0.5\n1 0.5 0.5 0.2 0.2\n");
  await put("classes.txt", "ant\nbee\n");
  const { records } = await openDataset(`yolo:${folder}`);
  expect(records[0]?.segmentations).toEqual([[[2, 1, 6, 1, 6, 5, 2, 5]], [[10, 2, 18, 2, 18, 6]]]);
  expect([...(records[0]?.boxes ?? [])]).toEqual([2, 1, 6, 5, 10, 2, 18, 6]);
  expect(records[1]?.segmentations?.map((segmentation) => segmentation !== undefined)).toEqual([true, false]);
  const masked = await openDataset(`yolo:${folder}`, { masks: true });
  expect(masked.records).toEqual([records[0]]);
  expect(masked.problems).toEqual([
    {
      kind: "object-without-mask",
      file: join(folder, "images/train/b.png"),
      detail: "annotation 4: it has no mask; the image is left out",
    },
  ]);
});

test("lines, classes and images that are wrong are named with file and line", async () => {
  await image("images/train/a.png", 10, 10);
  await put("images/train/b.png", "no image");
  await put(
    "labels/train/a.txt",
    "0 0.5 0.5 0.5\n7 0.5 0.5 0.5 0.5\n0 0.5 0.5 nan 0.5\n0 0.5 0.5 0 0.5\n0 0.9 0.5 0.5 0.5\n",
  );
  await put("data.yaml", "train: images/train\nnames: [ant]\n");
  const { problems, records } = await readDataset(`yolo:${folder}`);
  const labels = join(folder, "labels/train/a.txt");
  expect(problems.map(({ kind, file, line }) => [kind, file, line])).toEqual([
    ["unreadable-image", join(folder, "images/train/b.png"), undefined],
    ["unreadable-annotation", labels, 1],
    ["unknown-category", labels, 2],
    ["box-not-finite", labels, 3],
    ["box-no-area", labels, 4],
    ["box-clipped", labels, 5],
  ]);
  expect(records).toHaveLength(1);
});

test("YAML that can't be read is named with its line, wrong keys with what is expected", async () => {
  await put("data.yaml", "train: images\nnames: [ant\n");
  await expect(openDataset(`yolo:${folder}`)).rejects.toThrow(/data\.yaml:\d+: not valid YAML/u);
  await put("data.yaml", "train: images\n");
  await expect(openDataset(`yolo:${folder}`)).rejects.toThrow('"names" expected a list of class names');
  await put("data.yaml", "train: images\nnames: {1: ant, 2: bee}\n");
  await expect(openDataset(`yolo:${folder}`)).rejects.toThrow("without gaps, got 1, 2");
  await put("data.yaml", "train: nowhere\nnames: [ant]\n");
  await expect(openDataset(`yolo:${folder}`)).rejects.toThrow(/split "train" is at .*nowhere, which does not exist/u);
});

test("labels of images that lie elsewhere are found by name, and by folders where that is not enough", async () => {
  for (const path of ["photos/one/a.png", "photos/two/a.png", "photos/two/b.png"]) await image(path, 10, 10);
  for (const [path, label] of [
    ["one/a", 0],
    ["two/a", 1],
    ["two/b", 2],
  ] as const)
    await put(`set/labels/${path}.txt`, `${label} 0.5 0.5 0.2 0.2\n`);
  await put("set/images.txt", "../photos/one/a.png\n../photos/two/a.png\n../photos/two/b.png\n");
  await put("set/data.yaml", "train: images.txt\nnames: [ant, bee, cat]\n");
  const { records, problems } = await readDataset(join(folder, "set"));
  expect(records.map(({ labels }) => [...labels])).toEqual([[0], [1], [2]]);
  expect(problems).toEqual([]);
});
