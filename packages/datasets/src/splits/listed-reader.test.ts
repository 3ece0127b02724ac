import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodePng } from "@detrkit/image";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listSplits, openDataset, readDataset } from "../index.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-lists-"));
});
afterEach(() => rm(folder, { recursive: true }));

const png = await encodePng({ width: 20, height: 10, data: new Uint8Array(600) });

async function put(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

const labelled = (...names: readonly string[]): Record<string, string | Uint8Array> =>
  Object.fromEntries(
    names.flatMap((name) => [
      [`images/${name}.png`, png],
      [`labels/${name}.txt`, "0 0.5 0.5 0.5 0.5\n"],
    ]),
  );

async function named(spec: string, split: string): Promise<string[]> {
  const { records } = await openDataset(spec, { split });
  return records.map(({ name }) => name);
}

test.for<readonly [title: string, files: Record<string, string>]>([
  ["text files of stems", { "train.txt": "a\nb\n", "val.txt": "one/c\n" }],
  [
    "text files of another machine's paths",
    { "train.txt": "/home/x/images/a.png\n./b.png", "valid.txt": "D:\\y\\one\\c.png" },
  ],
  [
    "a CSV for each split",
    { "train.csv": "id,filename\n1,a.png\n2,b.png\n", "test.csv": "x\n", "val.csv": "id,filename\n3,c.png\n" },
  ],
  ["one CSV for all", { "splits.csv": "image,split\na.png,train\nb.png,Training\none/c.png,validation\n" }],
  ["one CSV without a header", { "splits.csv": "train,a.png\ntrain,b.png\nval,one/c.png\n" }],
])("lists beside the data part it: %s", async ([, files]) => {
  await put({ "classes.txt": "cat\n", ...labelled("a", "b", "one/c"), ...files });
  expect(await listSplits(folder)).toEqual(["train", "val"]);
  expect(await named(folder, "train")).toEqual(["images/a.png", "images/b.png"]);
  expect(await named(folder, "val")).toEqual(["images/one/c.png"]);
});

test("lists that a spec names come before the data's own splits, and ids stay apart", async () => {
  await put({
    "data/classes.txt": "cat\n",
    ...Object.fromEntries(
      ["train/images/a.png", "val/images/b.png", "val/images/c.png"].map((name) => [`data/${name}`, png]),
    ),
    ...Object.fromEntries(
      ["train/labels/a.txt", "val/labels/b.txt"].map((name) => [`data/${name}`, "0 0.5 0.5 0.5 0.5\n"]),
    ),
    "mine.txt": "b\n",
    "rest.csv": "file\na.png\nc.png\n",
  });
  const spec = `${join(folder, "data")},train=${join(folder, "mine.txt")},test=${join(folder, "rest.csv")}`;
  expect(await listSplits(spec)).toEqual(["train", "test"]);
  expect(await named(spec, "train")).toEqual(["val/images/b.png"]);
  const { records } = await openDataset(spec, { split: "test" });
  expect(records.map(({ name }) => name)).toEqual(["train/images/a.png", "val/images/c.png"]);
  expect(new Set(records.map(({ id }) => id)).size).toBe(2);
  await expect(openDataset(spec, { split: "val" })).rejects.toThrow('no split "val"; the lists have train, test');
  await expect(openDataset(`${join(folder, "data")},train=/nowhere.txt`)).rejects.toThrow(
    "train=/nowhere.txt is no file",
  );
});

test("names in vain, names of several images and images in no list are findings", async () => {
  await put({
    "classes.txt": "cat\n",
    ...labelled("a", "one/b", "two/b", "c"),
    "train.txt": "a\ngone\nb\n",
    "val.txt": "c",
  });
  const { problems } = await readDataset(folder);
  expect(problems).toEqual([
    {
      kind: "missing-image",
      file: join(folder, "train.txt"),
      line: 2,
      detail: '"gone": no image of the data is called so',
    },
    {
      kind: "missing-image",
      file: join(folder, "train.txt"),
      line: 3,
      detail: '"b": several images of the data are called so',
    },
    ...["one", "two"].map((place) => ({
      kind: "unlisted-image",
      file: join(folder, "images", place, "b.png"),
      detail: `in none of the lists, as ${join(folder, "train.txt")}`,
    })),
  ]);
  expect((await readDataset(folder, { split: "val" })).problems).toEqual([]);
});
