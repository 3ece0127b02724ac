import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DetrkitError } from "@detrkit/common";
import { type BadData, dataPolicy, type DatasetReport, type FindingKind, isRefused } from "@detrkit/datasets";
import { encodePng } from "@detrkit/image";
import { temporaryFolder } from "@detrkit/test-utils";
import sharp from "sharp";
import type { Sharp } from "sharp";
import { beforeEach, expect, test } from "vitest";
import { parseFlags } from "../cli/parse-flags.ts";
import { checkDataCommand } from "../commands/check-data.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import { openTrainingData } from "../data/open-data.ts";
import { refuseBadImages } from "../data/refuse-bad-images.ts";

// What the data check refuses training refuses before its first step, and the other way round: for every kind of
// finding that there is, a small data set that has it.

const root = temporaryFolder();
const folder = join(root, "data");
beforeEach(() => rm(folder, { recursive: true, force: true }));

type Files = Record<string, string | Uint8Array>;

const png = (level: number): Promise<Uint8Array> =>
  encodePng({ width: 20, height: 10, data: Uint8Array.from({ length: 600 }, (_, at) => (at * level) % 251) });
const images = Object.fromEntries(
  await Promise.all([1, 2, 3, 4].map(async (level) => [`${"_abcd"[level]}.png`, await png(level)] as const)),
) as Readonly<Record<"a.png" | "b.png" | "c.png" | "d.png", Uint8Array>>;

interface Coco {
  images: { id: number; file_name: string; width: number; height: number }[];
  annotations: { id: number; image_id: number; category_id: number; bbox: number[]; area: number; iscrowd: number }[];
  categories: { id: number; name: string }[];
}

/** Annotations of these images, a box on each. */
function coco(...names: readonly string[]): Coco {
  return {
    images: names.map((name, index) => ({ id: index + 1, file_name: name, width: 20, height: 10 })),
    annotations: names.map((_, index) => {
      return { id: index + 1, image_id: index + 1, category_id: 1, bbox: [2, 1, 6, 5], area: 30, iscrowd: 0 };
    }),
    categories: [{ id: 1, name: "cat" }],
  };
}

/** Three images to train on and one to validate with, and what is done to the annotations or the files. */
function cocoSet(change: (train: Coco, files: Files) => void): Files {
  const train = coco("a.png", "b.png", "c.png");
  const files: Files = { ...images, "val.json": JSON.stringify(coco("d.png")) };
  change(train, files);
  return { "train.json": JSON.stringify(train), ...files };
}

const withBox = (...bbox: readonly number[]): Files =>
  cocoSet((train) => void train.annotations.push({ ...at(train.annotations, 0), id: 9, bbox: [...bbox] }));
/** One sound mask, and this one. */
const withMask = (segmentation: unknown): Files =>
  cocoSet((train) => {
    Object.assign(at(train.annotations, 0), { segmentation: [[2, 1, 8, 1, 8, 6, 2, 6]] });
    Object.assign(at(train.annotations, 1), { segmentation });
    train.annotations.pop();
    train.images.pop();
  });
/** COCO's panoptic form; a cat of three pixels in each image, and around it this id. */
const panoptic = async (around: number): Promise<Files> => {
  const picture = await encodePng({
    width: 20,
    height: 10,
    // The lowest byte of an id is red.
    data: Uint8Array.from({ length: 600 }, (_, byte) => (byte % 3 > 0 ? 0 : byte < 9 ? 1 : around)),
  });
  const segments = [{ id: 1, category_id: 1, iscrowd: 0, bbox: [0, 0, 3, 1], area: 3 }];
  const split = (name: string, ...files: readonly string[]): Files => ({
    [`panoptic_${name}.json`]: JSON.stringify({
      images: coco(...files).images,
      annotations: files.map((file, index) => ({ image_id: index + 1, file_name: file, segments_info: segments })),
      categories: [
        { id: 1, name: "cat", isthing: 1 },
        { id: 2, name: "sky", isthing: 0 },
      ],
    }),
    ...Object.fromEntries(files.map((file) => [`panoptic_${name}/${file}`, picture])),
    ...Object.fromEntries(files.map((file) => [`${name}/${file}`, images[file as "a.png"]])),
  });
  return { ...split("train", "a.png", "b.png", "c.png"), ...split("val", "d.png") };
};
const withImage = async (change: (image: Sharp) => Sharp): Promise<Files> => {
  const bytes = await change(raw()).toBuffer();
  return cocoSet((_, files) => void (files["a.png"] = bytes));
};

const at = <Item>(items: readonly Item[], index: number): Item => items[index] as Item;
const dogs = (name: string): string => JSON.stringify({ ...coco(name), categories: [{ id: 1, name: "dog" }] });
const raw = (): Sharp => sharp(new Uint8Array(600).fill(77), { raw: { width: 20, height: 10, channels: 3 } });

const object =
  "<object><name>cat</name><bndbox><xmin>3</xmin><ymin>2</ymin><xmax>8</xmax><ymax>6</ymax></bndbox></object>";
const voc = (more: Files, train = "a\nb\nc\n"): Files => ({
  ...Object.fromEntries(Object.entries(images).map(([name, bytes]) => [`JPEGImages/${name}`, bytes])),
  ...Object.fromEntries(
    ["a", "b", "c", "d"].map((name) => [`Annotations/${name}.xml`, `<annotation>${object}</annotation>`]),
  ),
  "ImageSets/Main/train.txt": train,
  "ImageSets/Main/val.txt": "d\n",
  ...more,
});
const yolo = (more: Files): Files => ({
  "data.yaml": "train: images/train\nval: images/val\nnames: [cat]\n",
  ...Object.fromEntries(["a", "b", "c"].map((name) => [`images/train/${name}.png`, images[`${name}.png` as "a.png"]])),
  ...Object.fromEntries(["a", "b", "c"].map((name) => [`labels/train/${name}.txt`, "0 0.5 0.5 0.3 0.5\n"])),
  "images/val/d.png": images["d.png"],
  "labels/val/d.txt": "0 0.5 0.5 0.3 0.5\n",
  ...more,
});

const sets: Readonly<Record<FindingKind, () => Files | Promise<Files>>> = {
  "missing-image": () =>
    cocoSet((train) => void train.images.push({ ...at(train.images, 0), id: 9, file_name: "no.png" })),
  "unreadable-image": () => cocoSet((_, files) => void (files["b.png"] = images["b.png"].subarray(0, 60))),
  "size-mismatch": () => cocoSet((train) => void (at(train.images, 1).width = 21)),
  "unreadable-annotation": () => yolo({ "labels/train/b.txt": "0 0.5 0.5\n" }),
  "missing-annotation": () => voc({}, "a\nb\nc\nghost\n"),
  "unknown-category": () => cocoSet((train) => void (at(train.annotations, 0).category_id = 5)),
  "duplicate-image-id": () => cocoSet((train) => void (at(train.images, 1).id = 1)),
  "duplicate-category": () => cocoSet((train) => void train.categories.push({ id: 1, name: "dog" })),
  "empty-split": () => cocoSet((train) => void (train.annotations = [])),
  "duplicate-annotation-id": () => cocoSet((train) => void (at(train.annotations, 1).id = 1)),
  "annotation-without-image": () =>
    cocoSet((train) => void train.annotations.push({ ...at(train.annotations, 0), id: 9, image_id: 77 })),
  "box-not-finite": () => withBox(1, 2, 3),
  "box-no-area": () => withBox(3, 3, 0, 4),
  "box-outside": () => withBox(30, 3, 4, 4),
  "box-clipped": () => withBox(15, 3, 10, 4),
  "wrong-case-file": () => cocoSet((train) => void (at(train.images, 0).file_name = "A.png")),
  "renamed-image": () => cocoSet((train) => void (at(train.images, 0).file_name = "a.jpg")),
  "grey-image": () => withImage((image) => image.toColourspace("b-w").png()),
  "16-bit-image": () => withImage((image) => image.toColourspace("rgb16").png()),
  "cmyk-image": () => withImage((image) => image.toColourspace("cmyk").jpeg()),
  "alpha-image": () => withImage((image) => image.ensureAlpha(0.5).png()),
  "rotated-image": () => withImage((image) => image.withMetadata({ orientation: 3 }).jpeg()),
  "duplicate-box": () => withBox(2, 1, 6, 5),
  "crowd-box": () => cocoSet((train) => void (at(train.annotations, 0).iscrowd = 1)),
  "image-without-boxes": () => cocoSet((train) => void train.annotations.pop()),
  "image-in-two-splits": () => cocoSet((_, files) => void (files["d.png"] = images["a.png"])),
  "image-without-labels": async () => yolo({ "images/train/e.png": await raw().png().toBuffer() }),
  "labels-without-image": () => yolo({ "labels/train/gone.txt": "0 0.5 0.5 0.3 0.5\n" }),
  "alike-classes": () => cocoSet((train) => void train.categories.push({ id: 2, name: "Cat" })),
  "unlisted-image": () => cocoSet((_, files) => void (files["e.png"] = images["a.png"])),
  "object-without-mask": () => withMask(undefined),
  "unreadable-mask": () => withMask({ size: [10, 20], counts: [199] }),
  "mask-size-mismatch": () => withMask({ size: [20, 10], counts: [200] }),
  "short-polygon": () => withMask([[2, 1, 8, 6]]),
  "polygon-outside": () => withMask([[2, 1, 28, 1, 28, 6, 2, 6]]),
  "self-crossing-polygon": () => withMask([[2, 1, 8, 6, 8, 1, 2, 6]]),
  "empty-mask": () => withMask({ size: [10, 20], counts: [200] }),
  "mask-box-mismatch": () => withMask([[2, 1, 15, 1, 15, 6, 2, 6]]),
  "unknown-segment": () => panoptic(9),
  "mostly-void": () => panoptic(0),
  "class-without-boxes": () => cocoSet((train) => void train.categories.push({ id: 2, name: "dog" })),
};

test("there is a data set for every kind of finding", () => {
  expect(Object.keys(sets).toSorted()).toEqual(Object.keys(dataPolicy).toSorted());
});

async function put(files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** What the data check finds, and its exit code. */
async function checked(
  badData: BadData,
  data = folder,
): Promise<{ readonly report: DatasetReport; readonly code: number }> {
  let stdout = "";
  const flags = parseFlags(["--data", data, "--bad-data", badData, "--json"], checkDataCommand.description.flags);
  const streams = { stdout: { write: (text: string) => void (stdout += text) }, stderr: { write: () => undefined } };
  const code = await checkDataCommand.run(flags, streams);
  return { report: JSON.parse(stdout) as DatasetReport, code };
}

/** What training says before its first step where it refuses; undefined where it would begin. */
async function refusal(badData: BadData, data = folder): Promise<string | undefined> {
  const config = resolveConfig({ data, output: join(root, "run"), badData });
  try {
    await refuseBadImages(await openTrainingData(config, () => undefined), () => undefined);
    return undefined;
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    return error.message;
  }
}

const kinds = Object.keys(sets) as FindingKind[];

test.each(kinds.flatMap((kind) => [[kind, "drop"] as const, [kind, "stop"] as const]))(
  "%s, with --bad-data %s, is refused by the data check and by training alike",
  async (kind, badData) => {
    await put(await sets[kind]());
    const { report, code } = await checked(badData);
    const finding = report.findings.find((found) => found.kind === kind);
    expect(finding?.severity).toBe(isRefused(kind, badData) ? "wrong" : "note");
    expect(code).toBe(isRefused(kind, badData) ? 2 : 0);
    const said = await refusal(badData);
    expect([said === undefined ? 0 : 2, said]).toEqual([code, said]);
  },
);

test.for<readonly [title: string, files: () => Files, code: number]>([
  ["nothing wrong", () => cocoSet(() => undefined), 0],
  ["no split to train on", () => ({ "test.json": JSON.stringify(coco("a.png")), "a.png": images["a.png"] }), 2],
  ["one image, none to keep for validation", () => ({ "train.json": JSON.stringify(coco("a.png")), ...images }), 2],
  ["a split val without images", () => cocoSet((_, files) => void (files["val.json"] = JSON.stringify(coco()))), 2],
  ["a class that only val has", () => cocoSet((_, files) => void (files["val.json"] = dogs("d.png"))), 2],
  [
    "a defect in a split that training does not read",
    () => cocoSet((_, files) => void (files["test.json"] = JSON.stringify(coco("gone.png")))),
    0,
  ],
])("%s: the data check and training agree", async ([, files, code]) => {
  await put(files());
  const said = await refusal("drop");
  expect([said === undefined ? 0 : 2, said]).toEqual([code, said]);
  expect((await checked("drop")).code).toBe(code);
});

// Node imports a file once, whatever it holds later.
let readers = 0;

/** A reader of one image a split; `what` is the code of its picture in each. */
async function putReader(what: Readonly<Record<string, string>>): Promise<string> {
  const pictures = Object.entries(what).map(([split, code]) => `${split}: () => ${code}`);
  const source = `
    const pixels = { width: 1, height: 1, data: new Uint8Array(3) };
    const fail = () => { throw new Error("no camera"); };
    const pictures = { ${pictures.join(", ")} };
    const imageOf = (name, picture) =>
      ({ name, picture, size: { width: 1, height: 1 }, objects: [{ class: "a", box: [0, 0, 1, 1] }] });
    export const reader = {
      splits: () => Object.keys(pictures),
      read: ({ split }) => ({ classes: ["a"], images: [imageOf(split, pictures[split]())] }),
    };`;
  const name = `reader-${++readers}.mjs`;
  await put({ [name]: source });
  return `module:${join(folder, name)}`;
}

test("a picture that is made when it is needed, and cannot be, is refused by both", async () => {
  const data = await putReader({ train: "pixels", val: "fail" });
  expect(await refusal("drop", data)).toContain("val: its source failed: no camera");
  expect((await checked("drop", data)).code).toBe(2);
});

test("a split that training does not read, and nobody can, is a note", async () => {
  const data = await putReader({ val: "pixels", train: "pixels", test: "fail()" });
  expect(await refusal("drop", data)).toBeUndefined();
  const { report, code } = await checked("drop", data);
  expect(code).toBe(0);
  const [unread] = report.findings.filter(({ kind }) => kind === "unreadable-annotation");
  expect(unread?.meaning).toContain('in split "test", which training does not read');
  expect(unread?.examples[0]?.detail).toContain("no camera");
});
