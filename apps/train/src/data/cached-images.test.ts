import { rm } from "node:fs/promises";
import { join } from "node:path";
import { batches, exportCoco, fixedSize, openDataset } from "@detrkit/datasets";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { expect, test, vi } from "vitest";
import { cachedImages } from "./cached-images.ts";
import type { RunData } from "./open-data.ts";

const folder = temporaryFolder();
useBackend("cpu");

async function dataOf(spec: string): Promise<RunData> {
  return {
    training: await openDataset(spec, { split: "train" }),
    validation: await openDataset(spec, { split: "train" }),
  };
}

async function pixelsOf({ training }: RunData): Promise<number[][]> {
  const transforms = fixedSize({ width: 32, height: 32 }, { training: true });
  const all: number[][] = [];
  for await (const { images } of batches(training, { batchSize: 2, transforms, workers: 1 }))
    all.push([...images.images.dataSync()]);
  return all;
}

test("cached images are the same images, read once, and need their files no more", async () => {
  const shapes = await openDataset("shapes:count=3,validation=1,size=32", { split: "train" });
  const root = join(folder, "coco");
  await exportCoco(shapes, root);
  const data = await dataOf(`coco:${root}`);
  const expected = await pixelsOf(data);
  const said: string[] = [];
  const cached = await cachedImages(data, (line) => said.push(line));
  expect(said).toEqual([expect.stringMatching(/^kept in memory: 3 image files, \d+\.\d MiB$/u)]);
  // Both parts are of the same files.
  expect(cached.validation.records[0]?.source).toBe(cached.training.records[0]?.source);
  expect(cached.training.records.map(({ name }) => name)).toEqual(data.training.records.map(({ source }) => source));
  await rm(root, { recursive: true });
  expect(await pixelsOf(cached)).toEqual(expected);
  await expect(pixelsOf(data)).rejects.toThrow(root);
});

test("images that are no files stay as they are, and what does not fit is refused", async () => {
  const shapes = await dataOf("shapes:count=2,validation=1,size=32");
  expect((await cachedImages(shapes, () => {})).training.records).toEqual(shapes.training.records);
  const root = join(folder, "large");
  await exportCoco(shapes.training, root);
  const left = vi.spyOn(process, "availableMemory").mockReturnValue(100);
  await expect(cachedImages(await dataOf(`coco:${root}`), () => {})).rejects.toThrow(
    /--cache-images: the 2 image files take 0\.\d MiB, of 0\.0 MiB of memory that are free; leave the flag away/u,
  );
  left.mockRestore();
});
