import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encodePng } from "@detrkit/image";
import { palettePng, temporaryFolder, useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { batches, detrEvaluation, listSplits, openDataset, toCocoGroundTruth, withSegmentations } from "../../index.ts";

useBackend("cpu");

const root = temporaryFolder();
const size = { width: 6, height: 4 };
/** The second object of the file, the first one, void between them, and the background. */
const numbers = [
  [2, 2, 255, 1, 1, 1],
  [2, 2, 255, 1, 1, 1],
  [2, 255, 255, 255, 1, 0],
  [0, 0, 0, 0, 0, 0],
].flat();

/** The beginning of Pascal VOC's palette, and its void, as published. */
const published = new Map([
  [0, [0, 0, 0]],
  [1, [128, 0, 0]],
  [2, [0, 128, 0]],
  [255, [224, 224, 192]],
]);
const standard = Array.from({ length: 256 }, (_, at) => (published.get(at) ?? [0, 0, 0]) as [number, number, number]);

const object = (name: string, [left, top, right, bottom]: readonly number[]): string =>
  `<object><name>${name}</name><bndbox><xmin>${left}</xmin><ymin>${top}</ymin>` +
  `<xmax>${right}</xmax><ymax>${bottom}</ymax></bndbox></object>`;

async function voc(name: string, masks: Uint8Array, { list = "Main" } = {}): Promise<string> {
  const folder = join(root, name);
  const put = async (path: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  for (const stem of ["a", "b"]) {
    const objects = [object("cat", [4, 1, 6, 3]), object("ant", [1, 1, 2, 3])];
    // No file name in it: the picture of the masks is called as the image is, but is none.
    await put(
      `Annotations/${stem}.xml`,
      `<annotation><size><width>6</width><height>4</height></size>${objects.join("")}</annotation>`,
    );
    await put(`JPEGImages/${stem}.jpg`, await encodePng({ ...size, data: new Uint8Array(72).fill(40) }));
  }
  await put(`ImageSets/${list}/train.txt`, "a\nb\n");
  await put("SegmentationObject/a.png", masks);
  await put("SegmentationClass/a.png", masks);
  return folder;
}

const maskOf = (number: number): number[] => numbers.map((pixel) => Number(pixel === number));

test.each([
  ["of VOC's palette", palettePng({ ...size, indices: numbers, palette: standard })],
  [
    "of another palette",
    palettePng({ ...size, indices: numbers, palette: standard.map((_, at) => [at, 255 - at, 7] as const) }),
  ],
  ["of grey levels", palettePng({ ...size, indices: numbers })],
  [
    "of VOC's colours without a palette",
    await encodePng({ ...size, data: Uint8Array.from(numbers.flatMap((number) => standard[number] ?? [])) }),
  ],
])("objects have the pixels of their number, void and background none: a picture %s", async (title, picture) => {
  const folder = await voc(title, picture);
  const all = await openDataset(folder);
  expect(all.length).toBe(2);
  expect(all.problems).toEqual([]);
  expect(all.records.map(({ name, segments }) => [name, segments?.source])).toEqual([
    ["a.jpg", join(folder, "SegmentationObject/a.png")],
    ["b.jpg", undefined],
  ]);
  const dataset = await openDataset(folder, { masks: true });
  expect(dataset.records.map(({ name }) => name)).toEqual(["a.jpg"]);
  expect(dataset.problems).toMatchObject([{ kind: "object-without-mask", file: join(folder, "JPEGImages/b.jpg") }]);
  const transforms = { ...detrEvaluation, steps: [] };
  for await (const { targets } of batches(dataset, { batchSize: 1, transforms, masks: true, workers: 0 })) {
    expect([...(targets[0]?.labels ?? [])].map((label) => dataset.classes[label])).toEqual(["cat", "ant"]);
    expect([...(targets[0]?.masks?.data ?? [])]).toEqual([...maskOf(1), ...maskOf(2)]);
  }
  // Column by column: two columns of background, and so on.
  expect(
    toCocoGroundTruth(await withSegmentations(dataset)).annotations.map(({ segmentation }) => segmentation),
  ).toEqual([expect.objectContaining({ size: [4, 6] }), expect.objectContaining({ size: [4, 6] })]);
});

test("without lists of all images, those of images with masks are the splits", async () => {
  const folder = await voc("segmentation-lists", palettePng({ ...size, indices: numbers, palette: standard }), {
    list: "Segmentation",
  });
  expect(await listSplits(`voc:${folder}`)).toEqual(["train"]);
  expect((await openDataset(`voc:${folder}`)).records.map(({ name }) => name)).toEqual(["a.jpg", "b.jpg"]);
});

test("a picture of masks of another size than its image is named", async () => {
  const folder = await voc("other-size", palettePng({ width: 4, height: 6, indices: numbers, palette: standard }));
  await expect(withSegmentations(await openDataset(folder))).rejects.toThrow(
    `${join(folder, "SegmentationObject/a.png")}: the picture of the masks has 4x6 pixels, its image 6x4`,
  );
});
