import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encodePng } from "@detrkit/image";
import { coloursOfSegmentIds } from "@detrkit/masks";
import { palettePng, temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { checkDataset, type FindingKind } from "../index.ts";

const root = temporaryFolder();
const size = { width: 20, height: 10 };
const picture = await encodePng({ ...size, data: new Uint8Array(600).fill(33) });

const maskKinds: readonly FindingKind[] = [
  "object-without-mask",
  "unreadable-mask",
  "mask-size-mismatch",
  "short-polygon",
  "polygon-outside",
  "self-crossing-polygon",
  "empty-mask",
  "mask-box-mismatch",
  "unknown-segment",
  "mostly-void",
];

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

/** The findings about masks: kind, file without the folder, and detail. */
async function found(spec: string, decode = true): Promise<readonly (readonly [string, string, string])[]> {
  const { findings, wrong } = await checkDataset(spec, { examples: 50, decode });
  expect(wrong).toBe(false);
  return findings
    .filter(({ kind }) => maskKinds.includes(kind))
    .flatMap(({ kind, examples }) =>
      examples.map(
        ({ file, detail }) => [kind, file.slice(root.length + 1), detail.replaceAll(`${root}/`, "")] as const,
      ),
    );
}

/** A set of one image; its first object is sound. */
async function coco(name: string, box: readonly number[], segmentation: unknown, crowd = 0): Promise<string> {
  const annotations = [
    { id: 1, image_id: 1, category_id: 1, bbox: [2, 1, 6, 5], segmentation: [[2, 1, 8, 1, 8, 6, 2, 6]] },
    { id: 2, image_id: 1, category_id: 2, bbox: box, segmentation, iscrowd: crowd },
  ];
  const categories = [
    { id: 1, name: "a" },
    { id: 2, name: "b" },
  ];
  const images = [{ id: 1, file_name: "a.png", ...size }];
  await put(`${name}/train.json`, JSON.stringify({ images, annotations, categories }));
  await put(`${name}/a.png`, picture);
  return `coco:${join(root, name)}`;
}

const rectangle = (left: number, top: number, right: number, bottom: number): number[] =>
  [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ].flat();

test.each<[name: string, box: readonly number[], segmentation: unknown, kind: string | undefined, detail: string]>([
  ["sound", [3, 2, 9, 5], [rectangle(3, 2, 12, 7)], undefined, ""],
  ["within a pixel of its box", [3, 2, 9, 5], [rectangle(3.9, 2, 12.9, 6.1)], undefined, ""],
  ["at the border", [3, 2, 17, 8], [rectangle(3, 2, 20.4, 10.4)], undefined, ""],
  [
    "thinner than a pixel in part",
    [3, 2, 12, 5],
    [[3, 2, 12, 2, 12, 4.5, 15, 4.6, 12, 4.7, 12, 7, 3, 7]],
    undefined,
    "",
  ],
  [
    "one of two short",
    [3, 2, 9, 5],
    [rectangle(3, 2, 12, 7), [4, 4, 5, 5]],
    "short-polygon",
    "polygon 2 of 2 has 2 points, expected three or more",
  ],
  [
    "all short",
    [3, 2, 9, 5],
    [[3, 2, 12, 7]],
    "short-polygon",
    "none of its polygons has three points, so it has no mask",
  ],
  [
    "outside",
    [12, 2, 8, 5],
    [rectangle(12, 2, 23.5, 7)],
    "polygon-outside",
    "its polygon reaches over [12, 2, 23.5, 7], the image is 20x10",
  ],
  [
    "crossing",
    [3, 2, 6, 4],
    [[3, 2, 9, 6, 9, 2, 3, 6]],
    "self-crossing-polygon",
    "its polygon crosses itself at [6, 4]",
  ],
  [
    "another box",
    [3, 2, 9, 5],
    [rectangle(3, 2, 10, 7)],
    "mask-box-mismatch",
    "its mask reaches over [3, 2, 10, 7], its box over [3, 2, 12, 7]",
  ],
  [
    "beyond its box",
    [3, 2, 9, 5],
    [rectangle(3, 2, 12, 9)],
    "mask-box-mismatch",
    "its mask reaches over [3, 2, 12, 9], its box over [3, 2, 12, 7]",
  ],
  [
    "runs of another box",
    [3, 2, 9, 5],
    { size: [10, 20], counts: [20, 30, 150] },
    "mask-box-mismatch",
    "its mask reaches over [2, 0, 5, 10], its box over [3, 2, 12, 7]",
  ],
  [
    "runs of another size",
    [3, 2, 9, 5],
    { size: [20, 10], counts: [200] },
    "mask-size-mismatch",
    "its run lengths are of 10x20 pixels, the image of 20x10",
  ],
  [
    "runs that do not fill",
    [3, 2, 9, 5],
    { size: [10, 20], counts: [20, 7] },
    "unreadable-mask",
    "its run lengths add up to 27, expected 20 × 10 = 200",
  ],
  [
    "no runs",
    [3, 2, 9, 5],
    { size: [10, 20] },
    "unreadable-mask",
    'its mask is neither polygons nor run lengths with "size" and "counts"',
  ],
  ["empty runs", [3, 2, 9, 5], { size: [10, 20], counts: [200] }, "empty-mask", "its mask covers no pixel"],
  ["an empty list", [3, 2, 9, 5], [], "object-without-mask", "it has no mask"],
  ["nothing", [3, 2, 9, 5], null, "object-without-mask", "it has no mask"],
])("a mask of COCO: %s", async (name, box, segmentation, kind, detail) => {
  expect(await found(await coco(name.replaceAll(" ", "-"), box, segmentation))).toEqual(
    kind === undefined ? [] : [[kind, `${name.replaceAll(" ", "-")}/a.png`, `annotation 2: ${detail}`]],
  );
});

test("a crowd region needs no mask, but one that it has is looked at", async () => {
  expect(await found(await coco("bare-crowd", [3, 2, 9, 5], undefined, 1))).toEqual([]);
  const spec = await coco("other-crowd", [3, 2, 9, 5], { size: [20, 10], counts: [200] }, 1);
  expect((await found(spec)).map(([kind]) => kind)).toEqual(["mask-size-mismatch"]);
});

test("data without masks has nothing to find", async () => {
  await coco("boxes", [3, 2, 9, 5], []);
  const content = { images: [{ id: 1, file_name: "a.png", ...size }], categories: [{ id: 1, name: "a" }] };
  const annotations = [{ id: 1, image_id: 1, category_id: 1, bbox: [2, 1, 6, 5], segmentation: [] }];
  await put("boxes/train.json", JSON.stringify({ ...content, annotations }));
  expect(await found(`coco:${join(root, "boxes")}`)).toEqual([]);
});

/** Pixels 0 to 9 of each row are of one segment, the rest of another. */
const halves = (left: number, right: number): number[] =>
  Array.from({ length: 200 }, (_, at) => (at % 20 < 10 ? left : right));

async function panoptic(name: string, ids: readonly number[], segments: readonly object[], side = 20): Promise<string> {
  const content = {
    images: [{ id: 1, file_name: "a.png", ...size }],
    annotations: [{ image_id: 1, file_name: "a.png", segments_info: segments }],
    categories: [
      { id: 1, name: "cat", isthing: 1 },
      { id: 2, name: "sky", isthing: 0 },
    ],
  };
  await put(`${name}/panoptic_train.json`, JSON.stringify(content));
  const drawn = { width: side, height: 200 / side, data: coloursOfSegmentIds(ids) };
  await put(`${name}/panoptic_train/a.png`, await encodePng(drawn));
  await put(`${name}/train/a.png`, picture);
  return `coco-panoptic:${join(root, name)}`;
}

const segment = (id: number, category: number, bbox: readonly number[]): object => ({
  id,
  category_id: category,
  iscrowd: 0,
  bbox,
  area: 100,
});
const both = [segment(700, 1, [0, 0, 10, 10]), segment(9, 2, [10, 0, 10, 10])];

test.each<[string, readonly number[], readonly object[], readonly (readonly [string, string])[]]>([
  ["sound-picture", halves(700, 9), both, []],
  ["half-void", halves(700, 0), [segment(700, 1, [0, 0, 10, 10])], []],
  [
    "unknown-number",
    halves(700, 8),
    both,
    [
      ["empty-mask", "annotation 2: no pixel of its picture has its number, 9"],
      ["unknown-segment", "100 pixels of its picture have the number 8, which no segment of it has"],
    ],
  ],
  [
    "other-box",
    halves(700, 9),
    [segment(700, 1, [0, 0, 10, 7]), segment(9, 2, [10, 0, 10, 10])],
    [["mask-box-mismatch", "annotation 1: its mask reaches over [0, 0, 10, 10], its box over [0, 0, 10, 7]"]],
  ],
  [
    "void-picture",
    halves(700, 0).map((id, at) => (at % 20 < 3 ? id : 0)),
    [segment(700, 1, [0, 0, 3, 10])],
    [["mostly-void", "85 % of its pixels belong to no segment"]],
  ],
])("a picture of segments: %s", async (name, ids, segments, expected) => {
  const spec = await panoptic(name, ids, segments);
  const all = (await found(spec)).map(([kind, file, detail]) => {
    expect(file).toBe(`${name}/train/a.png`);
    return [kind, detail];
  });
  expect(all.toSorted()).toEqual(expected.map((one) => [...one]));
  expect(await found(spec, false)).toEqual([]);
});

test("pictures of another size, and those that are none, are named", async () => {
  const other = await panoptic("other-picture", halves(700, 9), both, 10);
  expect(await found(other)).toEqual([
    [
      "mask-size-mismatch",
      "other-picture/train/a.png",
      "other-picture/panoptic_train/a.png: the picture of the masks has 10x20 pixels, its image 20x10; " +
        "restore the picture that belongs to the image",
    ],
  ]);
  const damaged = await panoptic("damaged-picture", halves(700, 9), both);
  await put("damaged-picture/panoptic_train/a.png", "no picture");
  expect(await found(damaged)).toEqual([
    [
      "unreadable-mask",
      "damaged-picture/train/a.png",
      expect.stringContaining("damaged-picture/panoptic_train/a.png: unsupported"),
    ],
  ]);
});

test("of Pascal VOC, a box may be larger than its mask but not smaller, and void is counted", async () => {
  const object = (edges: string): string => {
    const [left, top, right, bottom] = edges.split(" ");
    const corners = `<xmin>${left}</xmin><ymin>${top}</ymin><xmax>${right}</xmax><ymax>${bottom}</ymax>`;
    return `<object><name>cat</name><bndbox>${corners}</bndbox></object>`;
  };
  const voc = async (name: string, numbers: readonly number[]): Promise<string> => {
    const objects = `${object("1 1 6 10")}${object("11 1 20 10")}`;
    const text = `<annotation><size><width>20</width><height>10</height></size>${objects}</annotation>`;
    await put(`${name}/Annotations/a.xml`, text);
    await put(`${name}/JPEGImages/a.png`, picture);
    await put(`${name}/SegmentationObject/a.png`, palettePng({ ...size, indices: numbers }));
    return `voc:${join(root, name)}`;
  };
  const pixels = (numberOf: (x: number, y: number) => number): number[] =>
    Array.from({ length: 200 }, (_, at) => numberOf(at % 20, Math.floor(at / 20)));
  const sound = pixels((x, y) => (x < 4 ? 1 : x > 12 ? 2 : x < 8 && y < 3 ? 255 : 0));
  expect(await found(await voc("voc-sound", sound))).toEqual([]);
  expect(await found(await voc("voc-wide", halves(1, 2)))).toEqual([
    [
      "mask-box-mismatch",
      "voc-wide/JPEGImages/a.png",
      "annotation 1: its mask reaches over [0, 0, 10, 10], its box over [0, 0, 6, 10]",
    ],
  ]);
  const odd = pixels((x) => (x < 4 ? 1 : x < 6 ? 3 : 255));
  expect((await found(await voc("voc-odd", odd))).map(([kind, , detail]) => [kind, detail]).toSorted()).toEqual([
    ["empty-mask", "annotation 2: no pixel of its picture has its number, 2"],
    ["mostly-void", "80 % of its pixels belong to no segment"],
    ["unknown-segment", "20 pixels of its picture have the number 3, which no segment of it has"],
  ]);
});
