import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import { expect, test } from "vitest";
import { checkDataset, type Dataset, type ImageRecord, openDataset, sharedImages, shareOut } from "../index.ts";

const base = await openDataset("shapes:count=1,size=16,objects=1");
const template = base.records[0] as ImageRecord;

/** A data set of images that are bytes, each with boxes of some labels. */
function dataOf(images: readonly { readonly bytes: number; readonly labels: readonly number[] }[]): Dataset {
  const records = images.map(({ bytes, labels }, index) => ({
    ...template,
    id: index + 1,
    name: `image${index}`,
    source: Uint8Array.of(bytes & 255, bytes >> 8),
    labels: Int32Array.from(labels),
    boxes: Float64Array.from(labels.flatMap(() => [1, 1, 5, 5])),
  }));
  return { ...base, records, length: records.length, split: "train" };
}

const names = ({ records }: Dataset): string[] => records.map(({ name }) => name);
const withLabel = ({ records }: Dataset, label: number): number =>
  records.filter(({ labels }) => labels.includes(label)).length;

test("a fifth of each class is kept for validation, and of images without objects", async () => {
  // 100 images: class 0 in 70, class 1 in 20 of these, class 2 in 10, and 20 without any.
  const data = dataOf(
    Array.from({ length: 100 }, (_, index) => ({
      bytes: index,
      labels: index < 20 ? [0, 1, 0] : index < 70 ? [0] : index < 80 ? [2] : [],
    })),
  );
  for (const seed of [1, 2, 3]) {
    const { training, validation } = await shareOut(data, { share: 0.2, seed });
    expect([training.length, validation.length]).toEqual([80, 20]);
    expect([0, 1, 2].map((label) => withLabel(validation, label))).toEqual([14, 4, 2]);
    expect(validation.records.filter(({ labels }) => labels.length === 0)).toHaveLength(4);
    expect(new Set([...names(training), ...names(validation)]).size).toBe(100);
    expect([training.split, validation.split]).toEqual(["train", "val"]);
  }
});

test("the seed decides, and the same seed gives the same parts", async () => {
  const data = dataOf(Array.from({ length: 31 }, (_, index) => ({ bytes: index, labels: [index % 3] })));
  const parts = await Promise.all([7, 7, 8].map((seed) => shareOut(data, { share: 0.3, seed })));
  const [one, again, other] = parts.map(({ validation }) => names(validation));
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
});

test("images of the same bytes stay in one part", async () => {
  const data = dataOf(Array.from({ length: 60 }, (_, index) => ({ bytes: index % 20, labels: [index % 2] })));
  const { training, validation } = await shareOut(data, { share: 0.2, seed: 5 });
  expect([training.length, validation.length]).toEqual([48, 12]);
  expect(await sharedImages([training, validation])).toEqual([]);
});

test("both parts have an image; what cannot be parted is refused", async () => {
  const two = dataOf([
    { bytes: 1, labels: [0] },
    { bytes: 2, labels: [0] },
  ]);
  for (const share of [0.01, 0.2, 0.99]) {
    const { training, validation } = await shareOut(two, { share, seed: 1 });
    expect([training.length, validation.length]).toEqual([1, 1]);
  }
  const same = dataOf([
    { bytes: 1, labels: [0] },
    { bytes: 1, labels: [0] },
  ]);
  await expect(shareOut(same, { share: 0.2, seed: 1 })).rejects.toThrow("two different ones are needed");
  await expect(shareOut(two, { share: 1, seed: 1 })).rejects.toThrow("above 0 and below 1, got 1");
});

test("a file in two splits, and a copy of it under another name, are found by the data check", async () => {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-splits-"));
  try {
    for (const [name, level] of [
      ["a", 1],
      ["b", 2],
      ["copy", 1],
      ["c", 3],
    ] as const)
      await writeFile(
        join(folder, `${name}.png`),
        await encodePng({ width: 4, height: 4, data: new Uint8Array(48).fill(level) }),
      );
    await writeFile(join(folder, "a.txt"), "0 0.5 0.5 0.5 0.5");
    const lists = { train: "a\nb\n", val: "b\ncopy\nc\n" };
    for (const [split, text] of Object.entries(lists))
      await writeFile(join(folder, `${split}.txt`), text.replaceAll(/\w+/gu, "$&.png"));
    await writeFile(join(folder, "data.yaml"), "train: train.txt\nval: val.txt\nnames: [cat]\n");
    const { findings, wrong } = await checkDataset(folder);
    expect(wrong).toBe(false);
    expect(findings.find(({ kind }) => kind === "image-in-two-splits")?.examples).toEqual([
      { kind: "image-in-two-splits", file: join(folder, "b.png"), detail: 'in "val" is the same file in "train"' },
      {
        kind: "image-in-two-splits",
        file: join(folder, "copy.png"),
        detail: `in "val" is the same bytes as ${join(folder, "a.png")} in "train"`,
      },
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
