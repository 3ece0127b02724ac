import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeImage } from "@detrkit/image";
import { expect, test } from "vitest";
import { type Dataset, exportCoco, loadPixels, openDataset } from "../../index.ts";

async function pixels({ records }: Dataset): Promise<Uint8Array[]> {
  return (await Promise.all(records.map((record) => loadPixels(record)))).map(({ data }) => data);
}

test("the same options give the same bytes on every machine", async () => {
  const hash = createHash("sha256");
  for (const spec of ["shapes:count=5", "shapes:count=3,size=97x61,seed=7,smallest=5,largest=53"]) {
    const dataset = await openDataset(spec);
    for (const { boxes, labels } of dataset.records) hash.update(JSON.stringify([...boxes, ...labels]));
    for (const data of await pixels(dataset)) hash.update(data);
  }
  // Taken on Linux x64 with Node 24; everything is in whole numbers, products and square roots, which IEEE 754 fixes to
  // the bit.
  expect(hash.digest("hex").slice(0, 32)).toBe("e5f83ebcd50168c3619cc2744bd87d96");
});

test("a split that is not there is refused, not generated", async () => {
  await expect(openDataset("shapes:count=3", { split: "vla" })).rejects.toThrow(
    'has no split "vla", it has train, val, test',
  );
});

test("seeds and splits differ, and more images leave the first ones as they were", async () => {
  const [first, more, other, val] = await Promise.all([
    openDataset("shapes:count=3"),
    openDataset("shapes:count=5"),
    openDataset("shapes:count=3,seed=2"),
    openDataset("shapes:validation=3", { split: "val" }),
  ]);
  expect(more.records.slice(0, 3).map(({ boxes }) => boxes)).toEqual(first.records.map(({ boxes }) => boxes));
  expect((await pixels(more)).slice(0, 3)).toEqual(await pixels(first));
  expect(await pixels(other)).not.toEqual(await pixels(first));
  expect(await pixels(val)).not.toEqual(await pixels(first));
});

test("sizes range from small to large and shapes overlap", async () => {
  const { records } = await openDataset("shapes:count=300");
  const sides = records.flatMap(({ boxes }) =>
    Array.from({ length: boxes.length / 4 }, (_, at) => (boxes[4 * at + 2] as number) - (boxes[4 * at] as number)),
  );
  expect(Math.min(...sides)).toBe(8);
  expect(Math.max(...sides)).toBe(60);
  // Log-uniform: half of them below the geometric mean of 8 and 61, about 22.
  const share = sides.filter((side) => side < 22).length / sides.length;
  expect(share).toBeGreaterThan(0.42);
  expect(share).toBeLessThan(0.58);
  const touching = records.filter(({ boxes }) =>
    Array.from({ length: boxes.length / 4 }, (_, at) => at).some((at) =>
      Array.from({ length: at }, (__, other) => other).some((other) => {
        const edge = (box: number, index: number): number => boxes[4 * box + index] as number;
        return (
          edge(at, 0) < edge(other, 2) &&
          edge(other, 0) < edge(at, 2) &&
          edge(at, 1) < edge(other, 3) &&
          edge(other, 1) < edge(at, 3)
        );
      }),
    ),
  );
  expect(touching.length).toBeGreaterThan(50);
});

test("a lone shape touches all four sides of its box", async () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7]) {
    const dataset = await openDataset(`shapes:count=1,objects=1,noise=0,seed=${seed}`);
    const record = dataset.records[0];
    const data = (await pixels(dataset))[0] as Uint8Array;
    const [left = 0, top = 0, right = 0, bottom = 0] = record?.boxes ?? [];
    const middle = (Math.floor((top + bottom) / 2) * 128 + Math.floor((left + right) / 2)) * 3;
    const colour = data.subarray(middle, middle + 3).join();
    const spread = { xs: [] as number[], ys: [] as number[] };
    for (let y = 0; y < 128; y++) {
      for (let x = 0; x < 128; x++) {
        const at = (y * 128 + x) * 3;
        if (data.subarray(at, at + 3).join() !== colour) continue;
        spread.xs.push(x);
        spread.ys.push(y);
      }
    }
    expect([
      Math.min(...spread.xs),
      Math.min(...spread.ys),
      Math.max(...spread.xs) + 1,
      Math.max(...spread.ys) + 1,
    ]).toEqual([left, top, right, bottom]);
  }
});

test("a set written out as COCO reads back the same", async () => {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-shapes-"));
  try {
    const dataset = await openDataset("shapes:count=3,size=40x33,largest=20,classes=3");
    await exportCoco(dataset, folder);
    const again = await openDataset(`coco:${folder}`);
    expect(again.classes).toEqual(["circle", "square", "triangle"]);
    expect(again.records.map(({ boxes, labels, areas }) => ({ boxes, labels, areas }))).toEqual(
      dataset.records.map(({ boxes, labels, areas }) => ({ boxes, labels, areas })),
    );
    const images = await Promise.all(again.records.map(({ source }) => decodeImage(source as string)));
    expect(images.map(({ data }) => data)).toEqual(await pixels(dataset));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("settings out of range are refused", async () => {
  await expect(openDataset("shapes:count=0")).rejects.toThrow(
    'count expected a whole number from 1 to 10000000, got "0"',
  );
  await expect(openDataset("shapes:size=big")).rejects.toThrow("size expected SIDE or WIDTHxHEIGHT");
  await expect(openDataset("shapes:size=32,largest=40")).rejects.toThrow(
    "largest expected a whole number from 8 to 32",
  );
});
