import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodePng } from "@detrkit/image";
import { coloursOfSegmentIds } from "@detrkit/masks";
import { useBackend } from "@detrkit/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  batches,
  describeData,
  detrEvaluation,
  listSplits,
  openDataset,
  panopticTruth,
  readDataset,
  toCocoGroundTruth,
  withSegmentations,
} from "../../index.ts";

useBackend("cpu");

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-panoptic-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

const size = { width: 7, height: 5 };
/** Sky above, a cat, a line of one pixel's width, a crowd, and void below. */
const [sky, cat, line, crowd] = [70_000, 300, 5, 16_777_215];
const ids = [
  [sky, sky, sky, sky, sky, sky, sky],
  [sky, cat, cat, cat, sky, line, sky],
  [sky, cat, cat, sky, sky, line, sky],
  [sky, cat, cat, sky, crowd, crowd, sky],
  [0, 0, 0, 0, 0, 0, 0],
];
const segments = [
  { id: sky, category_id: 9, iscrowd: 0, bbox: [0, 0, 7, 4], area: 17 },
  { id: cat, category_id: 4, iscrowd: 0, bbox: [1, 1, 3, 3], area: 7 },
  { id: line, category_id: 4, iscrowd: 0, bbox: [5, 1, 1, 2], area: 2 },
  { id: crowd, category_id: 4, iscrowd: 1, bbox: [4, 3, 2, 1], area: 2 },
];
const categories = [
  { id: 9, name: "sky", isthing: 0 },
  { id: 4, name: "cat", isthing: 1 },
];

async function panoptic(segmentsInfo: readonly object[] = segments, more: object = {}): Promise<string> {
  const content = {
    images: [{ id: 12, file_name: "a.jpg", ...size }],
    annotations: [{ image_id: 12, file_name: "a.png", segments_info: segmentsInfo }],
    categories,
    ...more,
  };
  await put("annotations/panoptic_val2017.json", JSON.stringify(content));
  const picture = { ...size, data: coloursOfSegmentIds(ids.flat()) };
  await put("annotations/panoptic_val2017/a.png", await encodePng(picture));
  await put("val2017/a.jpg", await encodePng({ ...size, data: new Uint8Array(105).fill(90) }));
  return folder;
}

test("segments are objects, with boxes one less than COCO's and masks of their pixels; crowds stay out", async () => {
  const spec = await panoptic();
  expect(describeData(spec)).toContain(
    "taken for COCO panoptic, segments of whole images in annotations/panoptic_val2017.json",
  );
  expect(await listSplits(spec)).toEqual(["val"]);
  const dataset = await openDataset(spec, { split: "val", masks: true });
  expect([dataset.classes, dataset.categoryIds, dataset.things]).toEqual([
    ["cat", "sky"],
    [4, 9],
    [true, false],
  ]);
  const [record] = dataset.records;
  expect(record).toMatchObject({ id: 12, name: "a.jpg", source: join(folder, "val2017/a.jpg"), ...size });
  expect([...(record?.boxes ?? [])]).toEqual([0, 0, 6, 3, 1, 1, 3, 3, 5, 1, 6, 2, 4, 3, 5, 4]);
  expect([[...(record?.labels ?? [])], [...(record?.areas ?? [])], [...(record?.crowd ?? [])]]).toEqual([
    [1, 0, 0, 0],
    [17, 7, 2, 2],
    [0, 0, 0, 1],
  ]);
  const transforms = { ...detrEvaluation, steps: [] };
  for await (const { targets } of batches(dataset, { batchSize: 1, transforms, masks: true, workers: 1 })) {
    expect([...(targets[0]?.labels ?? [])]).toEqual([1, 0, 0]);
    const mask = (id: number): number[] => ids.flat().map((pixel) => Number(pixel === id));
    expect([...(targets[0]?.masks?.data ?? [])]).toEqual([...mask(sky), ...mask(cat), ...mask(line)]);
  }
});

test("the truth for panoptic evaluation is every pixel's segment, for boxes and masks COCO's own numbers", async () => {
  const dataset = await openDataset(`coco-panoptic:${await panoptic()}`, { split: "val" });
  const truth = await panopticTruth(dataset.records[0] as never);
  expect([...truth.segmentIds]).toEqual(ids.flat());
  expect(truth.segments).toEqual([
    { id: sky, label: 1, isCrowd: false, area: 17 },
    { id: cat, label: 0, isCrowd: false, area: 7 },
    { id: line, label: 0, isCrowd: false, area: 2 },
    { id: crowd, label: 0, isCrowd: true, area: 2 },
  ]);
  const { annotations, categories: written } = toCocoGroundTruth(await withSegmentations(dataset));
  expect(written).toEqual(categories.toReversed());
  expect(annotations.map(({ bbox, area, iscrowd }) => ({ bbox, area, iscrowd }))).toEqual(
    segments.map(({ bbox, area, iscrowd }) => ({ bbox, area, iscrowd })),
  );
  expect(annotations.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
});

test("boxes and areas that the file leaves out are measured in the picture", async () => {
  const whole = await openDataset(`coco-panoptic:${await panoptic()}`, { split: "val" });
  const bare = segments.map(({ id, category_id, iscrowd }) => ({ id, category_id, iscrowd }));
  const measured = await openDataset(`coco-panoptic:${await panoptic(bare)}`, { split: "val" });
  expect(measured.records).toEqual(whole.records);
});

test("a folder with instances too is taken for these, as before; the spec says otherwise", async () => {
  await panoptic();
  await put(
    "annotations/instances_val2017.json",
    JSON.stringify({
      images: [{ id: 12, file_name: "a.jpg", ...size }],
      annotations: [{ id: 1, image_id: 12, category_id: 4, bbox: [1, 1, 3, 3] }],
      categories: [{ id: 4, name: "cat" }],
    }),
  );
  expect(describeData(folder)).toContain(
    "taken for COCO, lists of images and annotations in annotations/instances_val2017.json",
  );
  expect((await openDataset(folder, { split: "val" })).classes).toEqual(["cat"]);
  expect((await openDataset(`coco-panoptic:${folder}`, { split: "val" })).classes).toEqual(["cat", "sky"]);
});

test("what is wrong is named: missing pictures, categories, segments without id, annotations of no image", async () => {
  const spec = `coco-panoptic:${await panoptic()}`;
  const file = join(folder, "annotations/panoptic_val2017.json");
  const annotation = { image_id: 12, file_name: "a.png", segments_info: segments };
  await panoptic([], { annotations: undefined });
  await expect(readDataset(`coco-panoptic:${file}`)).rejects.toThrow(`${file}: "annotations" expected a list`);
  await panoptic([{ ...segments[0], category_id: 5 }, { category_id: 4 }, ...segments.slice(1)]);
  const read = async (): Promise<readonly (readonly [string, string, string])[]> => {
    const { problems } = await readDataset(spec, { split: "val" });
    return problems.filter(({ kind }) => kind !== "crowd-box").map((found) => [found.kind, found.file, found.detail]);
  };
  expect(await read()).toEqual([
    ["unknown-category", file, "a.jpg, segments_info[0] (id 70000): category 5 is none of the 2 that are defined"],
    ["unreadable-annotation", file, 'a.jpg, segments_info[1] (id none): expected an "id"'],
  ]);
  await panoptic([], { annotations: [annotation, annotation, { ...annotation, image_id: 3 }, { image_id: 12 }] });
  expect((await read()).map(([kind, , detail]) => [kind, detail])).toEqual([
    ["duplicate-annotation-id", "annotations[1] (image 12): the image has an annotation already"],
    ["annotation-without-image", "annotations[2] (image 3): no image has the id 3"],
    ["unreadable-annotation", 'annotations[3] (image 12): expected "file_name" and "segments_info"'],
  ]);
  await panoptic([], { annotations: [{ ...annotation, file_name: "b.png" }] });
  expect(await read()).toEqual([
    ["missing-annotation", file, expect.stringContaining('a.jpg: its picture of segments, "b.png", is not in')],
  ]);
  await panoptic([], { annotations: [{ ...annotation, image_id: 3 }] });
  expect((await read()).map(([kind]) => kind)).toEqual([
    "annotation-without-image",
    "image-without-labels",
    "image-without-boxes",
  ]);
});

test("a file alone needs its folders named; a long list of images before the segments is looked through", async () => {
  await panoptic();
  const many = Array.from({ length: 20_000 }, (_, index) => ({ id: index + 100, file_name: `${index}.jpg`, ...size }));
  const annotations = [{ image_id: 12, file_name: "a.png", segments_info: segments }];
  const images = [{ id: 12, file_name: "a.jpg", ...size }, ...many];
  await put("annotations/panoptic_val2017.json", JSON.stringify({ images, annotations, categories }));
  expect(await listSplits(folder)).toEqual(["val"]);
  await panoptic();
  const [images2, segments2] = [join(folder, "val2017"), join(folder, "annotations/panoptic_val2017")];
  const file = join(folder, "annotations/panoptic_val2017.json");
  const named = await openDataset(`coco-panoptic:${file},images=${images2},segments=${segments2}`);
  expect(named.length).toBe(1);
  expect((await openDataset(file)).records).toEqual(named.records);
});
