import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "@detrkit/common/files";
import { checkDataset, openDataset } from "@detrkit/datasets";
import { encodePng } from "@detrkit/image";
import {
  decodeMask,
  encodeMask,
  maskArea,
  maskToSegmentation,
  polygonToMask,
  type RunLengthMask,
} from "@detrkit/masks";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { evaluateFiles } from "../evaluation/evaluate.ts";
import { readCocoIds } from "./coco-ids.ts";
import { inputImages } from "./image-files.ts";
import { expectLabelFiles, filesOf, type SavedImage, type SaveForm } from "./save-predictions.ts";

const folder = temporaryFolder();
const output = join(folder, "out put");
const [width, height] = [41, 29];
const categories = [
  { id: 3, name: 'quoted "cat", small' },
  { id: 7, name: "dog" },
];
const detections = [
  { label: "dog", labelId: 7, score: 0.9, box: { xmin: 1.25, ymin: 2.5, xmax: 11.75, ymax: 13.5 } },
  { label: 'quoted "cat", small', labelId: 3, score: 0.25, box: { xmin: 17, ymin: 3, xmax: 40.5, ymax: 23.125 } },
];

let images: readonly SavedImage[];
beforeAll(async () => {
  for (const [index, name] of ["one/a.png", "two/a.png", "two/b, c.png"].entries()) {
    await mkdir(join(folder, "photos", name, ".."), { recursive: true });
    const data = new Uint8Array(width * height * 3).fill(index);
    await writeFile(join(folder, "photos", name), await encodePng({ width, height, data }));
  }
  const { images: found } = await inputImages([join(folder, "photos")]);
  images = found.map(({ path, stem }, index) => ({
    image: path,
    stem,
    width,
    height,
    // The second image has nothing on it.
    detections: [detections, [], detections.slice(0, 1)][index] ?? [],
  }));
});

async function save(form: SaveForm): Promise<void> {
  for (const [path, content] of filesOf(form, images, { folder: output, categories }))
    await writeFileAtomic(path, content);
}

test.each(["yolo", "coco", "csv"] as const)("what %s saves is read back as data", async (form) => {
  await save(form);
  const place = { yolo: join(output, "yolo"), coco: join(output, "coco"), csv: join(output, "predictions.csv") }[form];
  const { findings, wrong } = await checkDataset(place);
  expect(wrong).toBe(false);
  expect(findings.map(({ kind }) => kind)).toEqual(["image-without-boxes"]);
  const { classes, records } = await openDataset(place);
  expect(classes.toSorted()).toEqual(categories.map(({ name }) => name).toSorted());
  const read = records.map(({ source, labels, boxes }) => [
    source,
    Array.from(labels, (label, index) => [
      classes[label],
      ...boxes.slice(4 * index, 4 * index + 4).map((edge) => Number(edge.toFixed(9))),
    ]),
  ]);
  expect(read).toEqual(
    images.map(({ image, detections: found }) => [
      image,
      found.map(({ label, box: { xmin, ymin, xmax, ymax } }) => [label, xmin, ymin, xmax, ymax]),
    ]),
  );
});

test("COCO's results fit the annotations that are saved with them", async () => {
  await save("coco");
  const [truth, results] = [join(output, "coco", "annotations.json"), join(output, "coco", "results.json")];
  const { evaluation } = await evaluateFiles(truth, results, "bbox");
  expect(evaluation.metrics.AP).toBe(1);
});

describe("masks", () => {
  const image = { image: join(folder, "photos", "two", "a.png"), stem: "a", width, height };
  // A ring and a part beside it, a mask without pixels, and the whole image.
  const masks = [
    (x: number, y: number) => x === 35 || (Math.hypot(x - 15, y - 14) < 10 && Math.hypot(x - 15, y - 14) > 4),
    () => false,
    () => true,
  ].map((isInside) =>
    encodeMask(
      Uint8Array.from({ length: width * height }, (_, at) => Number(isInside(at % width, Math.floor(at / width)))),
      height,
      width,
    ),
  );
  const masked = masks.map((mask, index) => ({
    ...(detections[0] as (typeof detections)[number]),
    score: 0.9 - index / 10,
    mask: maskToSegmentation(mask),
  }));
  const files = (form: SaveForm): ReadonlyMap<string, string> =>
    filesOf(form, [{ ...image, detections: masked }], { folder: output, categories });

  test("COCO's results have them, and fit the annotations that are saved with them", async () => {
    for (const [path, content] of files("coco")) await writeFileAtomic(path, content);
    const [truth, results] = [join(output, "coco", "annotations.json"), join(output, "coco", "results.json")];
    const [first] = JSON.parse(await readFile(results, "utf8")) as { readonly segmentation: unknown }[];
    expect(first?.segmentation).toEqual(masked[0]?.mask);
    const { annotations } = JSON.parse(await readFile(truth, "utf8")) as { annotations: { area: number }[] };
    expect(annotations.map(({ area }) => area)).toEqual(masks.map(maskArea));
    // An object without pixels can't be found.
    const only = masked.filter((_, index) => index !== 1);
    for (const [path, content] of filesOf("coco", [{ ...image, detections: only }], { folder: output, categories }))
      await writeFileAtomic(path, content);
    expect((await evaluateFiles(truth, results, "segm")).evaluation.metrics.AP).toBe(1);
  });

  test("YOLO's labels hold exactly their pixels; one without any is its box", () => {
    const [label] = files("yolo").values();
    const lines = (label ?? "").trim().split("\n");
    const read = lines.map((line) => {
      const [id, ...points] = line.split(" ").map(Number);
      const polygon = points.map((point, index) => point * (index % 2 === 0 ? width : height));
      return { id, polygon, mask: polygonToMask(polygon, height, width) };
    });
    expect(read.map(({ id }) => id)).toEqual([1, 1, 1]);
    expect(decodeMask((read[0] as (typeof read)[number]).mask)).toEqual(decodeMask(masks[0] as RunLengthMask));
    expect(read[1]?.polygon.map((value) => Number(value.toFixed(9)))).toEqual([
      1.25, 2.5, 11.75, 2.5, 11.75, 13.5, 1.25, 13.5,
    ]);
    expect(maskArea((read[2] as (typeof read)[number]).mask)).toBe(width * height);
  });

  test("CSV has their boxes alone", () => {
    const [text] = files("csv").values();
    expect(text?.split("\n")[1]).toMatch(/a\.png,dog,1\.25,2\.5,11\.75,13\.5,0\.9$/u);
  });
});

test("COCO's results have the ids of somebody's annotations, by the images' names and folders", async () => {
  const truth = join(folder, "truth.json");
  const listed = [
    { id: 91, file_name: "two/a.png", width, height },
    { id: 92, file_name: "a.png", width, height },
    { id: 93, file_name: "b, c.png", width, height },
  ];
  const classes = [
    { id: 12, name: "dog" },
    { id: 11, name: 'quoted "cat", small' },
  ];
  await writeFile(truth, JSON.stringify({ images: listed, categories: classes, annotations: [] }));
  const paths = images.map(({ image }) => image);
  const names = categories.map(({ name }) => name);
  const cocoIds = await readCocoIds(truth, paths, names);
  const files = filesOf("coco", images, { folder: output, categories, cocoIds });
  expect([...files.keys()]).toEqual([join(output, "coco", "results.json")]);
  const results = JSON.parse(files.get(join(output, "coco", "results.json")) ?? "") as Record<string, unknown>[];
  expect(results.map(({ image_id: image, category_id: category }) => [image, category])).toEqual([
    [92, 12],
    [92, 11],
    [93, 12],
  ]);
  await expect(readCocoIds(truth, [...paths, "other.png"], names)).rejects.toThrow(
    "other.png: is none of the 3 images",
  );
  await expect(readCocoIds(truth, paths, ["bird"])).rejects.toThrow('truth.json: has no class "bird"');
  await expect(readCocoIds(join(folder, "none"), paths, names)).rejects.toThrow("none does not exist");
});

test("YOLO's labels have no place for two images whose names differ in the extension alone", async () => {
  await writeFile(join(folder, "photos", "one", "a.jpg"), await readFile(join(folder, "photos", "one", "a.png")));
  const { images: found } = await inputImages([join(folder, "photos", "one")]);
  expect(() => expectLabelFiles(found)).toThrow("a.png: another image has its name but for the extension");
  const others = await inputImages([join(folder, "photos", "two")]);
  expect(() => expectLabelFiles(others.images)).not.toThrow();
});
