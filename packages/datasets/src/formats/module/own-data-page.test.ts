import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { encodePng } from "@detrkit/image";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  batches,
  checkDataset,
  type Dataset,
  openDataset,
  type PixelSource,
  type TransformRecipe,
} from "../../index.ts";

useBackend("cpu");

const folder = temporaryFolder();
/** Where `@detrkit/datasets` is found, as it is beside a user's program. */
const beside = join(import.meta.dirname, "../../../.cache/own-data-page");
let blocks: readonly string[] = [];
beforeAll(async () => {
  const page = await readFile(join(import.meta.dirname, "../../../../../docs/own-data.md"), "utf8");
  blocks = [...page.matchAll(/```ts\n(.*?)```/gsu)].map(([, code = ""]) => code);
  expect(blocks).toHaveLength(4);
  await mkdir(beside, { recursive: true });
});
afterAll(async () => {
  await rm(beside, { recursive: true });
});

/** The page's block as a file. */
async function write(block: number, place: string, name: string): Promise<string> {
  const file = join(place, name);
  await writeFile(file, blocks[block] ?? "");
  return file;
}

async function collect(dataset: Dataset, transforms: TransformRecipe, workers: number): Promise<unknown[]> {
  const found = [];
  for await (const { images, targets } of batches(dataset, { batchSize: 4, transforms, workers, seed: 2 }))
    found.push({ sizes: images.sizes, pixels: [...images.images.dataSync()], targets });
  return found;
}

test("the reader of files reads what the page says", async () => {
  const module = await write(0, folder, "cells.ts");
  for (const split of ["train", "val"]) {
    await mkdir(join(folder, split));
    const image = await encodePng({ width: 31, height: 23, data: new Uint8Array(31 * 23 * 3) });
    await writeFile(join(folder, split, "a.png"), image);
    await writeFile(join(folder, split, "boxes.csv"), "a.png,white,2,3,5,7\na.png,platelet,11,13,17,19\n");
  }
  const spec = `module:${module},path=${folder}`;
  const { splits, wrong } = await checkDataset(spec);
  expect([wrong, splits.map(({ split, boxesByClass }) => [split, boxesByClass])]).toEqual([
    false,
    ["train", "val"].map((split) => [split, { platelet: 1, red: 0, white: 1 }]),
  ]);
  expect([...((await openDataset(spec, { split: "val" })).records[0]?.boxes ?? [])]).toEqual([
    2, 3, 5, 7, 11, 13, 17, 19,
  ]);
  await writeFile(join(folder, "val", "boxes.csv"), "a.png,green,2,3,5,7\n");
  await expect(openDataset(spec, { split: "val" })).rejects.toThrow(
    `val/boxes.csv:1: object of line 1: "green" is none of platelet, red, white`,
  );
});

test("the reader from memory, the source and the transforms do what the page says, in every thread", async () => {
  const dataset = await openDataset(`module:${await write(1, folder, "bars.ts")}`);
  const { wrong, findings } = await checkDataset(dataset.spec);
  expect([wrong, findings]).toEqual([false, []]);
  const source = await write(2, beside, "source.ts");
  const { plain } = (await import(pathToFileURL(source).href)) as {
    plain: (data: { readonly level: number }) => PixelSource;
  };
  const painted = dataset.records.map((record, index) => ({ ...record, source: plain({ level: 20 * index }) }));
  const module = await write(3, beside, "transforms.ts");
  const { transforms } = (await import(pathToFileURL(module).href)) as { transforms: TransformRecipe };
  const here = await collect(dataset, transforms, 0);
  expect(here).toHaveLength(3);
  expect(here[0]).toMatchObject({ sizes: Array.from({ length: 4 }, () => ({ width: 64, height: 64 })) });
  expect(await collect(dataset, transforms, 1)).toEqual(here);
  expect(await collect({ ...dataset, records: painted }, transforms, 1)).toEqual(here);
  const fewer = { ...transforms, steps: transforms.steps.filter(({ kind }) => kind !== "greySquare") };
  expect(await collect(dataset, fewer, 0)).not.toEqual(here);
});
