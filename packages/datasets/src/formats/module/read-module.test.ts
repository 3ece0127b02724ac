import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkDataset, type ImageRecord, listSplits, loadPixels, openDataset, readDataset } from "../../index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-module-"));
  const image = await encodePng({ width: 31, height: 23, data: new Uint8Array(31 * 23 * 3) });
  for (const place of [".", "extra", "x/y"]) {
    await mkdir(join(folder, place), { recursive: true });
    await writeFile(join(folder, place, "a.png"), image);
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

let modules = 0;
/** The spec of a module with this text; each its own file, since a module is imported once. */
async function spec(code: string, settings = ""): Promise<string> {
  const file = join(folder, `reader-${modules++}.mjs`);
  await writeFile(file, code);
  return `module:${file}${settings}`;
}

const answering = (answer: string): Promise<string> =>
  spec(`export const reader = { splits: () => ["train"], read: () => (${answer}) };`);

test("a reader's images and objects become records, sizes and labels found for it", async () => {
  const data = await spec(
    `import { join } from "node:path";
    export const reader = {
      needs: ["path"], takes: ["only"],
      splits: async () => ["train", "extra"],
      read: async ({ settings: { path, only }, split }) => ({
        classes: ["cat", "ant"],
        images: [split, only].map((name) => ({
          file: join(path, name, "a.png"),
          objects: [{ class: "ant", box: [2, 3, 13, 14] }, { class: "cat", box: [5, 5, 7, 16], crowd: true }],
        })),
      }),
    };`,
    `,path=${folder},only=x/y`,
  );
  expect(await listSplits(data)).toEqual(["train", "extra"]);
  const { records, classes, categoryIds } = await openDataset(data, { split: "extra" });
  expect([classes, categoryIds]).toEqual([
    ["cat", "ant"],
    [1, 2],
  ]);
  expect(records[0]).toMatchObject({
    id: 1,
    name: "extra/a.png",
    width: 31,
    height: 23,
    source: join(folder, "extra/a.png"),
  });
  expect(records[1]).toMatchObject({ id: 2, name: "x/y/a.png" });
  expect([...(records[0]?.boxes ?? [])]).toEqual([2, 3, 13, 14, 5, 5, 7, 16]);
  expect([[...(records[0]?.labels ?? [])], [...(records[0]?.crowd ?? [])]]).toEqual([
    [1, 0],
    [0, 1],
  ]);
  // A checkpoint's order of classes wins over the reader's.
  expect([
    ...((await openDataset(data, { split: "extra", classes: ["ant", "cat"] })).records[0]?.labels ?? []),
  ]).toEqual([0, 1]);
});

test("objects may have masks, as polygons or run lengths", async () => {
  const masks = [[[2, 3, 13, 3, 13, 14]], { size: [23, 31], counts: [100, 5, 608] }];
  const objects = masks.map((segmentation) => ({ class: "ant", box: [2, 3, 13, 14], segmentation }));
  const image = { file: join(folder, "a.png"), objects: [...objects, { class: "ant", box: [1, 1, 9, 9] }] };
  const data = await answering(JSON.stringify({ classes: ["ant"], images: [image] }));
  expect((await openDataset(data)).records[0]?.segmentations).toEqual([...masks, undefined]);
  await expect(openDataset(data, { masks: true })).rejects.toThrow("no images");
  const masked = await answering(JSON.stringify({ classes: ["ant"], images: [{ ...image, objects }] }));
  expect((await openDataset(masked, { masks: true })).length).toBe(1);
});

test("a reader may give pictures that are no files: bytes, pixels, or functions of these", async () => {
  const data = await spec(
    `import { readFileSync } from "node:fs";
    const pixels = { width: 4, height: 3, data: new Uint8Array(36).fill(50) };
    const box = [{ class: "cat", box: [0, 1, 2, 3] }];
    export const reader = {
      needs: ["path"],
      splits: () => ["train", "val"],
      read: ({ settings: { path }, split }) => ({
        classes: ["cat"],
        images: split === "val" ? [
          { name: "late", picture: () => pixels, size: { width: 4, height: 3 }, objects: box },
        ] : [
          { name: "bytes", picture: readFileSync(path + "/a.png"), objects: [{ class: "cat", box: [2, 3, 13, 14] }] },
          { name: "pixels", picture: pixels, annotationFile: "table.db", objects: box },
          { name: "asked", picture: async () => pixels, objects: box },
          { file: path + "/x/y/a.png", objects: [] },
        ],
      }),
    };`,
    `,path=${folder}`,
  );
  const { records } = await openDataset(data);
  expect(records.map(({ id, name, width, height }) => [id, name, width, height])).toEqual([
    [1, "bytes", 31, 23],
    [2, "pixels", 4, 3],
    [3, "asked", 4, 3],
    [4, "a.png", 31, 23],
  ]);
  expect((await loadPixels(records[2] as ImageRecord)).data).toEqual(new Uint8Array(36).fill(50));
  const { findings, wrong } = await checkDataset(data);
  expect([wrong, findings.map(({ kind }) => kind)]).toEqual([false, ["image-without-boxes"]]);
});

test("a picture whose size is given is not loaded to find it out", async () => {
  const data = await spec(
    `const fail = () => { throw new Error("loaded too early"); };
    const objects = [{ class: "cat", box: [1, 1, 3, 2] }];
    const images = [{ name: "late", picture: fail, size: { width: 4, height: 3 }, objects }];
    export const reader = { splits: () => ["train"], read: () => ({ classes: ["cat"], images }) };`,
  );
  const { records } = await openDataset(data);
  expect(records).toMatchObject([{ name: "late", width: 4, height: 3 }]);
  expect((await checkDataset(data, { decode: false })).wrong).toBe(false);
  const { findings } = await checkDataset(data);
  expect(findings[0]).toMatchObject({
    kind: "unreadable-image",
    examples: [{ file: "late", detail: "its source failed: loaded too early" }],
  });
});

test("what is wrong with a picture in memory is found", async () => {
  const data = await spec(
    `const pixels = { width: 4, height: 3, data: new Uint8Array(36) };
    const objects = [{ class: "cat", box: [1, 1, 3, 2] }];
    const images = [
      { name: "other size", picture: () => pixels, size: { width: 5, height: 3 }, objects },
      { name: "damaged", picture: new Uint8Array([1, 2, 3]), objects: [] },
      { name: "with alpha", picture: { ...pixels, data: new Uint8Array(48) }, objects: [] },
    ];
    export const reader = { splits: () => ["train"], read: () => ({ classes: ["cat"], images }) };`,
  );
  const { findings } = await checkDataset(data);
  const wrong = findings.filter(({ severity }) => severity === "wrong");
  expect(wrong.flatMap(({ kind, examples }) => examples.map(({ file }) => [kind, file])).toSorted()).toEqual([
    ["size-mismatch", "other size"],
    ["unreadable-image", "damaged"],
    ["unreadable-image", "with alpha"],
  ]);
  await expect(openDataset(data)).rejects.toThrow("damaged: unsupported");
});

test("what is wrong with the data is found and placed, whoever reads it", async () => {
  const data = await spec(
    `export const reader = {
      splits: () => ["train"],
      read: ({ report }) => {
        report({ kind: "unreadable-annotation", file: "list.txt", line: 7, detail: "what is this" });
        const objects = [
          { class: "dog", box: [1, 1, 5, 5], line: 3 },
          { class: "cat", box: [9, 9, 9, 12], line: 4 },
          { class: "cat", box: [1, NaN, 2, 3] },
        ];
        return { classes: ["cat"], images: [
          { file: ${JSON.stringify(join(folder, "A.PNG"))}, annotationFile: "a.txt", objects },
          { file: ${JSON.stringify(join(folder, "b.png"))}, listed: { file: "list.txt", line: 2 }, objects: [] },
        ] };
      },
    };`,
  );
  const { problems, length } = await readDataset(data);
  expect(length).toBe(1);
  expect(problems.map(({ kind, file, line }) => [kind, file, line])).toEqual([
    ["unreadable-annotation", "list.txt", 7],
    ["wrong-case-file", "a.txt", undefined],
    ["missing-image", "list.txt", 2],
    ["unknown-category", "a.txt", 3],
    ["box-no-area", "a.txt", 4],
    ["box-not-finite", "a.txt", undefined],
    ["image-without-boxes", "a.txt", undefined],
  ]);
  await expect(openDataset(data)).rejects.toThrow('"dog" is none of cat');
  expect((await checkDataset(data)).wrong).toBe(true);
});

test("a module that can't be used is told what to be", async () => {
  await expect(openDataset("module:./no-such.ts")).rejects.toThrow(
    /there is no file .*no-such\.ts; write module:FILE/u,
  );
  await expect(openDataset(`module:${folder}`)).rejects.toThrow("there is no file");
  await expect(openDataset(await spec("throw new Error('broken')"))).rejects.toThrow(
    /reader-\d+\.mjs cannot be loaded: broken/u,
  );
  await expect(openDataset(await spec("export const read = 1, load = 2"))).rejects.toThrow(
    'exports no "reader" (it exports load, read); expected export const reader = { splits',
  );
  await expect(openDataset(await spec("export const reader = { read() {} }"))).rejects.toThrow(
    'exports a "reader" without the functions splits and read',
  );
});

test("settings that a reader does not take or lacks are named", async () => {
  const code = 'export const reader = { needs: ["path"], takes: ["scale"], splits: () => [], read() {} }';
  await expect(listSplits(await spec(code, ",path=wrong"))).rejects.toThrow(
    /path=wrong": the reader finds no split there/u,
  );
  await expect(listSplits(await spec(code, ",path=x,sclae=2"))).rejects.toThrow(
    /"sclae" is no setting of .*; it takes path=…, scale=…/u,
  );
  await expect(listSplits(await spec(code))).rejects.toThrow(/path is missing; write module:.*\.mjs,path=…/u);
});

test.each([
  ["undefined", "reader.read gave undefined; expected { classes, images }"],
  ["{ images: [] }", "gave classes = undefined; expected a list of class names"],
  [
    "{ classes: ['a'], images: {} }",
    "gave images = {}; expected a list of { file, objects } or { name, picture, objects }",
  ],
  [
    "{ classes: ['a'], images: [{ path: 'x' }] }",
    "gave images[0].file = undefined; expected the path of an image; or { name, picture } for one in memory",
  ],
  [
    "{ classes: ['a'], images: [{ file: 'x', objects: [{ label: 1 }] }] }",
    "gave images[0].objects[0].class = undefined; expected the name of a class",
  ],
  [
    "{ classes: ['a'], images: [{ file: 'x', objects: [{ class: 'a', box: { x: 1 } }] }] }",
    'gave images[0].objects[0].box = {"x":1}; expected [left, top, right, bottom] in pixels',
  ],
  [
    "{ classes: ['a'], images: [{ picture: new Uint8Array(3), objects: [] }] }",
    "gave images[0].name = undefined; expected a name for the picture",
  ],
  [
    "{ classes: ['a'], images: [{ name: 'x', picture: 3, objects: [] }] }",
    "gave images[0].picture = 3; expected a path, the bytes of an image file, or pixels",
  ],
  [
    "{ classes: ['a'], images: [{ name: 'x', picture: new Uint8Array(3), size: { width: 0 }, objects: [] }] }",
    'gave images[0].size = {"width":0}; expected { width, height } in pixels',
  ],
])("an answer %s is refused by its field", async (answer, message) => {
  await expect(openDataset(await answering(answer))).rejects.toThrow(message);
});

test("what the reader throws says where; a finding of no known kind is refused", async () => {
  const failing = await spec("export const reader = {\n splits: () => ['train'],\n read: () => JSON.parse('{'),\n};");
  await expect(openDataset(failing)).rejects.toThrow(/the reader failed: .*JSON.* \(at .*reader-\d+\.mjs:3:\d+\)/u);
  const odd = await spec(
    "export const reader = { splits: () => 'train', read: ({ report }) => report({ kind: 'odd' }) }",
  );
  await expect(openDataset(odd)).rejects.toThrow('reported "odd", which is no kind of finding; kinds: missing-image');
  await expect(listSplits(odd)).rejects.toThrow('reader.splits gave "train"; expected names');
});
