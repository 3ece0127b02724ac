import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listSplits, openDataset, readDataset } from "../../index.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-voc-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

const object = (name: string, edges: readonly (number | string)[]): string => `  <object>
    <name>${name}</name>
    <bndbox><xmin>${edges[0]}</xmin><ymin>${edges[1]}</ymin><xmax>${edges[2]}</xmax><ymax>${edges[3]}</ymax></bndbox>
  </object>
`;
const annotation = (...objects: readonly string[]): string =>
  `<annotation>\n  <size><width>70</width><height>50</height><depth>3</depth></size>\n` +
  `${objects.join("")}</annotation>\n`;

async function image(stem: string, ...objects: readonly string[]): Promise<void> {
  await put(`Annotations/${stem}.xml`, annotation(...objects));
  await put(`JPEGImages/${stem}.jpg`, "x");
}

test("pixels counted from 1 with both ends become edges; names become labels in one order for all splits", async () => {
  await image("one", object("zebra", [1, 1, 70, 50]), object("ant", [11, 21, 30, 40]));
  await image("two", object("mouse", [5, 6, 7, 8]));
  await put("ImageSets/Main/train.txt", "one\n");
  await put("ImageSets/Main/val.txt", "two  1\n\n");
  const spec = `voc:${folder}`;
  expect(await listSplits(spec)).toEqual(["train", "val"]);
  const train = await openDataset(spec);
  expect(train.classes).toEqual(["ant", "mouse", "zebra"]);
  expect(train.records).toHaveLength(1);
  expect(train.records[0]).toMatchObject({ id: 1, name: "one.jpg", width: 70, height: 50 });
  expect([...(train.records[0]?.boxes ?? [])]).toEqual([0, 0, 70, 50, 10, 20, 30, 40]);
  expect([...(train.records[0]?.areas ?? [])]).toEqual([3500, 400]);
  expect([...(train.records[0]?.labels ?? [])]).toEqual([2, 0]);
  const val = await openDataset(spec, { split: "val" });
  expect([val.classes, [...(val.records[0]?.labels ?? [])]]).toEqual([train.classes, [1]]);
});

test("a name with an ampersand is one class, whichever way it is read", async () => {
  await image("one", object("cats &amp; dogs", [1, 1, 7, 5]));
  const dataset = await openDataset(`voc:${folder}`);
  expect(dataset.classes).toEqual(["cats & dogs"]);
  expect([...(dataset.records[0]?.labels ?? [])]).toEqual([0]);
});

test("a box whose ends coincide is left out and named with its line", async () => {
  await image("one", object("ant", [11, 21, 30, 40]), object("ant", [50, 33, 50, 33]), object("ant", ["", 1, 2, "x"]));
  const dataset = await openDataset(`voc:${folder}`);
  expect(dataset.records[0]?.labels).toHaveLength(1);
  expect(dataset.problems).toEqual([
    {
      kind: "box-no-area",
      file: join(folder, "Annotations/one.xml"),
      line: 7,
      detail: "one.jpg, object 2: box [50, 33, 50, 33] has no area",
    },
    {
      kind: "box-not-finite",
      file: join(folder, "Annotations/one.xml"),
      line: 11,
      detail: "one.jpg, object 3: box [NaN, 0, 2, NaN] is not four finite numbers",
    },
  ]);
});

test("classes.txt fixes the classes; a name beside them stops training", async () => {
  await image("one", object("ant", [1, 1, 5, 5]), object("ox", [1, 1, 5, 9]));
  await put("classes.txt", "zebra\nant\n");
  const found = await readDataset(`voc:${folder}`);
  expect(found.classes).toEqual(["zebra", "ant"]);
  expect(found.problems).toContainEqual({
    kind: "unknown-category",
    file: join(folder, "Annotations/one.xml"),
    line: 7,
    detail: 'object 2: class "ox" is none of zebra, ant',
  });
  await expect(openDataset(`voc:${folder}`)).rejects.toThrow("one.xml:7: object 2");
});

test("XML that is cut off, empty or of another kind is named with its line", async () => {
  await image("good", object("ant", [1, 1, 5, 5]));
  await put("Annotations/cut.xml", annotation(object("ant", [1, 1, 5, 5])).slice(0, 150));
  await put("Annotations/empty.xml", "");
  await put("Annotations/nameless.xml", "<annotation>\n<object>\n</object>\n</annotation>");
  const found = await readDataset(`voc:${folder}`);
  const unreadable = found.problems.filter(({ kind }) => kind === "unreadable-annotation");
  expect(
    unreadable.map(({ file, detail, line }) => [file.slice(folder.length + 13), typeof line, detail.slice(0, 14)]),
  ).toEqual([
    ["cut.xml", "number", "not valid XML "],
    ["empty.xml", "number", "not valid XML "],
    ["nameless.xml", "number", "<object> witho"],
  ]);
  expect(found.records).toHaveLength(1);
});

test("images and annotations that a list names in vain, or twice, are findings", async () => {
  await image("one", object("ant", [1, 1, 5, 5]));
  await put("Annotations/two.xml", annotation(object("ant", [1, 1, 5, 5])));
  await put("Annotations/three.xml", annotation(object("ant", [1, 1, 5, 5])));
  await put("JPEGImages/THREE.JPG", "x");
  await put("ImageSets/Main/train.txt", "one\none\ntwo\nthree\nfour");
  const { problems } = await readDataset(`voc:${folder}`);
  expect(problems.map(({ kind, line }) => [kind, line])).toEqual([
    ["duplicate-image-id", 2],
    ["missing-image", undefined],
    ["wrong-case-file", undefined],
    ["missing-annotation", 5],
  ]);
  await expect(openDataset(`voc:${folder}`, { split: "val" })).rejects.toThrow('no split "val"; there are train');
  await expect(openDataset("voc:/nowhere")).rejects.toThrow("/nowhere does not exist");
});
