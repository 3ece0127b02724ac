import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodePng } from "@detrkit/image";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeData, listSplits, readDataset } from "../index.ts";

// The files that labelling tools write, as they lie there after unpacking. Every image is 20x10.
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-exports-"));
});
afterEach(() => rm(folder, { recursive: true }));

const png = await encodePng({ width: 20, height: 10, data: new Uint8Array(600) });

async function put(files: Readonly<Record<string, string>>, images: readonly string[]): Promise<void> {
  for (const [path, content] of [...Object.entries(files), ...images.map((path) => [path, png] as const)]) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** What is read of each split: images with `class left,top,right,bottom` of their objects, and kinds of problems. */
async function contents(): Promise<Record<string, unknown>> {
  const splits = await listSplits(folder);
  const entries = splits.map(async (split) => {
    const { records, classes, problems } = await readDataset(folder, { split });
    const images = records.map(({ source, labels, boxes }) => [
      String(source).slice(folder.length + 1),
      ...[...labels].map(
        (label, at) =>
          `${classes[label]} ${boxes
            .slice(4 * at, 4 * at + 4)
            .map((edge) => Number(edge.toFixed(9)))
            .join()}`,
      ),
    ]);
    return [split, problems.length === 0 ? images : [...images, problems.map(({ kind }) => kind)]] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const object = (name: string): string =>
  `<object><name>${name}</name><bndbox><xmin>3</xmin><ymin>2</ymin><xmax>8</xmax><ymax>6</ymax></bndbox></object>`;
const voc = (filename: string, name = "cat"): string =>
  `<annotation verified="no">\n<folder>x</folder><filename>${filename}</filename>\n` +
  `<size><width>20</width><height>10</height><depth>3</depth></size>\n${object(name)}</annotation>`;
const vocBox = "2,1,8,6";

test.for<readonly [title: string, files: Record<string, string>, images: readonly string[], expected: object]>([
  [
    "LabelImg: beside the images",
    { "a.xml": voc("a.png"), "b.xml": voc("b.png", "dog") },
    ["a.png", "b.png"],
    {
      train: [
        ["a.png", `cat ${vocBox}`],
        ["b.png", `dog ${vocBox}`],
      ],
    },
  ],
  [
    "Roboflow: train, valid and test",
    {
      "train/a_png.rf.0f.xml": voc("a_png.rf.0f.png"),
      "valid/b_png.rf.1e.xml": voc("b_png.rf.1e.png"),
      "test/c_png.rf.2d.xml": voc("c_png.rf.2d.png"),
      "README.roboflow.txt": "Exported",
    },
    ["train/a_png.rf.0f.png", "valid/b_png.rf.1e.png", "test/c_png.rf.2d.png"],
    {
      train: [["train/a_png.rf.0f.png", `cat ${vocBox}`]],
      val: [["valid/b_png.rf.1e.png", `cat ${vocBox}`]],
      test: [["test/c_png.rf.2d.png", `cat ${vocBox}`]],
    },
  ],
  [
    "lower case annotations and images, as Label Studio's Annotations and images",
    { "annotations/a.xml": voc("a.png") },
    ["images/a.png"],
    { train: [["images/a.png", `cat ${vocBox}`]] },
  ],
  [
    "CVAT: one list called default, names with folders",
    {
      "ImageSets/Main/default.txt": "a\ncam 1/b\n",
      "Annotations/a.xml": voc("a.png"),
      "Annotations/cam 1/b.xml": voc("cam 1/b.png"),
      "labelmap.txt": "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:1,2,3::\n",
    },
    ["JPEGImages/a.png", "JPEGImages/cam 1/b.png"],
    {
      train: [
        ["JPEGImages/a.png", `cat ${vocBox}`],
        ["JPEGImages/cam 1/b.png", `cat ${vocBox}`],
      ],
    },
  ],
  [
    "folders within folders, the same names in each",
    { "labels/one/a.xml": voc("a.png"), "labels/two/a.xml": voc("a.png", "dog") },
    ["photos/one/a.png", "photos/two/a.png"],
    {
      train: [
        ["photos/one/a.png", `cat ${vocBox}`],
        ["photos/two/a.png", `dog ${vocBox}`],
      ],
    },
  ],
])("Pascal VOC, %s", async ([, files, images, expected]) => {
  await put(files, images);
  expect(describeData(folder)).toMatch(/: taken for Pascal VOC, \d XML annotations? in /u);
  expect(await contents()).toEqual(expected);
});

const coco = (fileName: string, ids: readonly [image: unknown, category: unknown] = [1, 1]): string =>
  JSON.stringify({
    info: {},
    images: [{ id: ids[0], file_name: fileName, width: 20, height: 10 }],
    categories: [{ id: ids[1], name: "cat" }],
    annotations: [{ id: 1, image_id: ids[0], category_id: ids[1], bbox: [2, 1, 6, 5], area: 30, iscrowd: 0 }],
  });

test.for<readonly [title: string, files: Record<string, string>, images: readonly string[], expected: object]>([
  [
    "CVAT: instances_default.json and images/default",
    { "annotations/instances_default.json": coco("a.png") },
    ["images/default/a.png"],
    { train: [["images/default/a.png", "cat 2,1,8,6"]] },
  ],
  [
    "Roboflow: _annotations.coco.json beside the images",
    { "train/_annotations.coco.json": coco("a.png"), "valid/_annotations.coco.json": coco("b.png") },
    ["train/a.png", "valid/b.png"],
    { train: [["train/a.png", "cat 2,1,8,6"]], val: [["valid/b.png", "cat 2,1,8,6"]] },
  ],
  [
    "Label Studio: result.json, category 0, escaped slashes",
    { "result.json": coco("images/0a-a.png", [0, 0]).replaceAll("/", "\\/") },
    ["images/0a-a.png"],
    { train: [["images/0a-a.png", "cat 2,1,8,6"]] },
  ],
  [
    "Label Studio on Windows: backslashes and a folder that is not here",
    { "result.json": coco("..\\..\\label-studio\\media\\upload\\1\\0a-a.png") },
    ["images/0a-a.png"],
    { train: [["images/0a-a.png", "cat 2,1,8,6"]] },
  ],
  [
    "ids as text, numeric or not",
    { "train.json": coco("a.png", ["7", "3"]), "val.json": coco("b.png", ["b.png", 1]) },
    ["pictures/a.png", "pictures/b.png"],
    { train: [["pictures/a.png", "cat 2,1,8,6"]], val: [["pictures/b.png", "cat 2,1,8,6"]] },
  ],
])("COCO, %s", async ([, files, images, expected]) => {
  await put(files, images);
  expect(describeData(folder)).toContain(": taken for COCO, lists of images and annotations in ");
  expect(await contents()).toEqual(expected);
});

const box = "0 0.25 0.35 0.3 0.5\n";
const yoloBox = "cat 2,1,8,6";

test.for<readonly [title: string, files: Record<string, string>, images: readonly string[], expected: object]>([
  [
    "Ultralytics: data.yaml with folders",
    {
      "data.yaml": "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: cat\n",
      "labels/train/a.txt": box,
      "labels/val/cam/b.txt": box,
    },
    ["images/train/a.png", "images/val/cam/b.png"],
    { train: [["images/train/a.png", yoloBox]], val: [["images/val/cam/b.png", yoloBox]] },
  ],
  [
    "Roboflow: a data.yaml that leads a folder too far, and a test that is not there; polygons",
    {
      "data.yaml": "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 1\nnames: ['cat']\n",
      "train/labels/a.txt": "0 0.1 0.1 0.4 0.1 0.4 0.6 0.1 0.6\n",
      "valid/labels/b.txt": box,
    },
    ["train/images/a.png", "valid/images/b.png"],
    { train: [["train/images/a.png", yoloBox]], val: [["valid/images/b.png", yoloBox]] },
  ],
  [
    "LabelImg: classes.txt and labels beside the images",
    { "classes.txt": "cat\n", "a.txt": box },
    ["a.png"],
    { train: [["a.png", yoloBox]] },
  ],
  [
    "CVAT's YOLO 1.1",
    {
      "obj.data": "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n",
      "obj.names": "cat\n",
      "train.txt": "data/obj_train_data/a.png\ndata/obj_train_data/cam/b.png\n",
      "obj_train_data/a.txt": box,
      "obj_train_data/cam/b.txt": box,
    },
    ["obj_train_data/a.png", "obj_train_data/cam/b.png"],
    {
      train: [
        ["obj_train_data/a.png", yoloBox],
        ["obj_train_data/cam/b.png", yoloBox],
      ],
    },
  ],
  [
    "CVAT's Ultralytics",
    {
      "data.yaml": "path: ./\ntrain: train.txt\nnames:\n  0: cat\n",
      "train.txt": "images/train/a.png\n",
      "labels/train/a.txt": box,
    },
    ["images/train/a.png"],
    { train: [["images/train/a.png", yoloBox]] },
  ],
  [
    "Label Studio: classes.txt and notes.json",
    {
      "classes.txt": "cat\n",
      "notes.json": '{"categories": [{"id": 0, "name": "cat"}], "info": {"year": 2024}}',
      "labels/0a-a.txt": box,
    },
    ["images/0a-a.png"],
    { train: [["images/0a-a.png", yoloBox]] },
  ],
  [
    "split folders without a data.yaml, labels in a folder of another name",
    { "classes.txt": "cat\n", "txt/train/a.txt": box, "txt/val/a.txt": "" },
    ["photos/train/a.png", "photos/val/a.png"],
    {
      train: [["photos/train/a.png", yoloBox]],
      val: [["photos/val/a.png"], ["image-without-boxes"]],
    },
  ],
])("YOLO, %s", async ([, files, images, expected]) => {
  await put(files, images);
  expect(describeData(folder)).toMatch(/: taken for YOLO, classes in [\w.]+, \d label files?$/u);
  expect(await contents()).toEqual(expected);
});

test.for<readonly [title: string, files: Record<string, string>, shown: string, expected: object]>([
  [
    "a header with edges, the image's size beside them (Roboflow)",
    {
      "train/_annotations.csv": "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,20,10,cat,2,1,8,6\n",
      "valid/_annotations.csv": "filename,width,height,class,xmin,ymin,xmax,ymax\nb.png,20,10,cat,2,1,8,6\n",
    },
    "1 file, 4 class, 5 xmin, 6 ymin, 7 xmax, 8 ymax (by the header), in pixels",
    { train: [["a.png", "cat 2,1,8,6"]], val: [["b.png", "cat 2,1,8,6"]] },
  ],
  [
    "a header with x, y, width and height; semicolons, a byte order mark and quotes",
    {
      "boxes.csv":
        '\uFEFF"image_id";"label";"x";"y";"width";"height"\r\n"a";"cat; tame";2;1;6;5\r\nb;"cat; tame";2;1;6;5',
    },
    "1 file, 2 class, 3 x, 4 y, 5 width, 6 height (by the header), in pixels",
    {
      train: [
        ["a.png", "cat; tame 2,1,8,6"],
        ["b.png", "cat; tame 2,1,8,6"],
      ],
    },
  ],
  [
    "no header, an image without objects (RetinaNet)",
    { "boxes.csv": "photos/b.png,,,,,\nphotos/a.png,2,1,8,6,cat\n" },
    "1 file, 2 xmin, 3 ymin, 4 xmax, 5 ymax, 6 class (guessed from the values), in pixels",
    { train: [["b.png"], ["a.png", "cat 2,1,8,6"], ["image-without-boxes"]] },
  ],
  [
    "splits in a column, fractions, empty columns (AutoML)",
    {
      "all.csv":
        "TRAIN,gs://bucket/a.png,cat,0.1,0.1,,,0.4,0.6,,\nVALIDATION,gs://bucket/b.png,cat,0.1,0.1,,,0.4,0.6,,\n",
    },
    "1 split, 2 file, 3 class, 4 xmin, 5 ymin, 8 xmax, 9 ymax (guessed from the values), in fractions of the image",
    { train: [["a.png", "cat 2,1,8,6"]], val: [["b.png", "cat 2,1,8,6"]] },
  ],
  [
    "a table for each split",
    {
      "train.csv": "image,x1,y1,x2,y2,label\na.png,2,1,8,6,cat\n",
      "val.csv": "image,x1,y1,x2,y2,label\nb.png,2,1,8,6,cat\n",
    },
    "1 file, 2 xmin, 3 ymin, 4 xmax, 5 ymax, 6 class (by the header), in pixels",
    { train: [["a.png", "cat 2,1,8,6"]], val: [["b.png", "cat 2,1,8,6"]] },
  ],
])("CSV, %s", async ([, files, shown, expected]) => {
  await put(files, ["photos/a.png", "photos/b.png"]);
  expect(describeData(folder)).toContain(`columns ${shown}`);
  expect(JSON.parse(JSON.stringify(await contents()).replaceAll("photos/", ""))).toEqual(expected);
});

test("columns that cannot be told are named by the user, and a wrong name says which there are", async () => {
  await put({ "boxes.csv": "2,1,8,6,17,a.png\n" }, ["a.png"]);
  await expect(readDataset(`csv:${folder}`)).rejects.toThrow(
    /boxes\.csv:1: cannot tell which columns.*columns=file,class/u,
  );
  const { records, classes } = await readDataset(`csv:${folder},columns=xmin,ymin,xmax,ymax,class,file`);
  expect([classes, [...(records[0]?.boxes ?? [])]]).toEqual([["17"], [2, 1, 8, 6]]);
  await expect(readDataset(`csv:${folder},columns=xmin,left`)).rejects.toThrow("of file, class, split, xmin");
});

test("what is several things or none is refused with what was looked for and what is there", async () => {
  await put({ "notes.md": "x" }, ["a/one.png", "a/two.png"]);
  expect(() => describeData(folder)).toThrow(
    /no data that is known[\s\S]*COCO: JSON[\s\S]*Found: 2 \.png, 1 \.md, in a, \./u,
  );
  await put({ "a/one.txt": box }, []);
  expect(() => describeData(folder)).toThrow("There are 1 label file of YOLO's form, but nothing names their classes");
  await put({ "classes.txt": "cat", "result.json": coco("one.png") }, []);
  expect(() => describeData(folder)).toThrow(
    new RegExp(
      `could be several things:\\n  COCO: .*result.json\\n  YOLO: .*\\nSay which: coco:${folder} or yolo:${folder}`,
      "u",
    ),
  );
  await expect(readDataset(join(folder, "nowhere"))).rejects.toThrow("nowhere does not exist");
  await expect(readDataset(join(folder, "notes.md"))).rejects.toThrow("the file is none that is known");
});

test("a list of names that is a folder, as a damaged obj.data has it, is named", async () => {
  await put({ "obj.data": "names = labels\ntrain = train.txt\n", "labels/a.txt": box }, ["a.png"]);
  await expect(readDataset(folder)).rejects.toThrow(/obj\.data: names the classes in .*labels, which is no file/u);
});

test("two annotation files of one split, or two lists of other classes, are not chosen between", async () => {
  await put({ "one.json": coco("a.png"), "two.json": coco("a.png") }, ["a.png"]);
  await expect(readDataset(folder)).rejects.toThrow(/several annotation files of split "train".*,train=.*one\.json/u);
  await rm(join(folder, "one.json"));
  await rm(join(folder, "two.json"));
  await put({ "classes.txt": "cat", "a/classes.txt": "dog", "a.txt": box }, []);
  await expect(readDataset(folder)).rejects.toThrow(/name different classes/u);
});

test("an image that is missing is not replaced by one of its name in another split", async () => {
  await put({ "train/_annotations.coco.json": coco("a.png"), "valid/_annotations.coco.json": coco("b.png") }, [
    "valid/a.png",
    "valid/b.png",
  ]);
  expect((await readDataset(folder)).problems).toMatchObject([{ kind: "missing-image" }]);
  await rm(folder, { recursive: true });
  await put({ "train/a.xml": voc("a.png"), "valid/b.xml": voc("b.png") }, ["valid/a.png", "valid/b.png"]);
  expect((await readDataset(folder)).problems).toMatchObject([{ kind: "missing-image" }]);
});
