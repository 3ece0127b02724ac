import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { maskBoundingBox, encodeMask } from "@detrkit/masks";
import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { batches, type Dataset, exportCoco, fixedSize, loadPixels, openDataset, panopticTruth } from "../../index.ts";

useBackend("cpu");

const side = 96;
const plainRecipe = fixedSize({ width: 1, height: 1 }, { training: false });

interface Masked {
  readonly record: Dataset["records"][number];
  /** The `rgb` of each pixel as text. */
  readonly colours: readonly string[];
  /** Positions of each object's pixels. */
  readonly masks: readonly (readonly number[])[];
}

async function masked(spec: string): Promise<readonly Masked[]> {
  const dataset = await openDataset(`shapes:size=${side},noise=0,${spec}`, { masks: true });
  const transforms = { ...plainRecipe, steps: [] };
  const found: Masked[] = [];
  for await (const { targets } of batches(dataset, { batchSize: 1, transforms, masks: true, workers: 0 })) {
    const record = dataset.records[found.length] as Dataset["records"][number];
    const { data } = await loadPixels(record);
    const colours = Array.from({ length: side * side }, (_, at) => data.subarray(3 * at, 3 * at + 3).join());
    const pixels = targets[0]?.masks?.data ?? new Uint8Array();
    const masks = Array.from(record.labels, (_, index) =>
      [...pixels.subarray(index * side * side, (index + 1) * side * side).keys()].filter(
        (at) => pixels[index * side * side + at] === 1,
      ),
    );
    found.push({ record, colours, masks });
  }
  return found;
}

test("a mask is exactly what is seen of its shape: all of its colour, and no pixel of another", async () => {
  let hidden = 0;
  let objects = 0;
  for (const { record, colours, masks } of await masked("count=60")) {
    const taken = masks.flat();
    expect(new Set(taken).size).toBe(taken.length);
    masks.forEach((mask, index) => {
      objects++;
      const [left = 0, top = 0, right = 0, bottom = 0] = record.boxes.subarray(4 * index, 4 * index + 4);
      const colour = colours[mask[0] as number] as string;
      const inBox = [...colours.keys()].filter((at) => {
        const [x, y] = [at % side, Math.floor(at / side)];
        return x >= left && x < right && y >= top && y < bottom;
      });
      expect(inBox.filter((at) => colours[at] === colour)).toEqual(mask);
      const data = new Uint8Array(side * side);
      for (const at of mask) data[at] = 1;
      const [x, y, across, down] = maskBoundingBox(encodeMask(data, side, side));
      if (x !== left || y !== top || x + across !== right || y + down !== bottom) hidden++;
    });
  }
  expect(objects).toBeGreaterThan(150);
  // Some shapes are hidden in part, so that their masks no longer reach all sides of their boxes.
  expect(hidden).toBeGreaterThan(10);
});

test("with stuff=1 the background is an object too, and every pixel belongs to exactly one", async () => {
  const plain = await masked("count=20");
  const dataset = await openDataset("shapes:count=20,stuff=1");
  expect(dataset.classes).toEqual(["circle", "square", "triangle", "diamond", "cross", "background"]);
  expect(dataset.things).toEqual([true, true, true, true, true, false]);
  expect((await openDataset("shapes:count=20")).things).toBeUndefined();
  (await masked("count=20,stuff=1")).forEach(({ record, colours, masks }, image) => {
    const before = plain[image] as Masked;
    expect(masks.flat().toSorted((a, b) => a - b)).toEqual([...colours.keys()]);
    // All else is as it was: pixels, boxes, and the masks of the shapes.
    expect(colours).toEqual(before.colours);
    expect(record.boxes.slice(0, -4)).toEqual(before.record.boxes);
    expect(masks.slice(0, -1)).toEqual(before.masks);
    expect(record.labels.at(-1)).toBe(5);
    expect(record.areas.at(-1)).toBe(masks.at(-1)?.length);
    expect(record.boxes.slice(-4)).toEqual(Float64Array.of(0, 0, side, side));
  });
});

test("stuff expects 0 or 1", async () => {
  await expect(openDataset("shapes:stuff=2")).rejects.toThrow('stuff expected a whole number from 0 to 1, got "2"');
});

test("written as COCO, masks and what is stuff come back", async () => {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-shapes-masks-"));
  try {
    const spec = "shapes:count=4,size=40x33,largest=30,stuff=1";
    await exportCoco(await openDataset(spec), folder);
    const options = { batchSize: 4, masks: true, workers: 0, transforms: { ...plainRecipe, steps: [] } };
    const found: unknown[] = [];
    for (const source of [spec, `coco:${folder}`]) {
      const dataset = await openDataset(source, { masks: true });
      expect(dataset.things).toEqual([true, true, true, true, true, false]);
      for await (const { targets } of batches(dataset, options)) found.push(targets);
    }
    expect(found[1]).toEqual(found[0]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("what each pixel belongs to: segments with their areas, and nothing else", async () => {
  const { records } = await openDataset("shapes:count=5,stuff=1");
  for (const record of records) {
    const { segmentIds, segments, width, height } = await panopticTruth(record);
    expect(segmentIds).toHaveLength(width * height);
    for (const { id, area } of segments) expect(segmentIds.filter((pixel) => pixel === id)).toHaveLength(area);
    expect(segments.reduce((sum, { area }) => sum + area, 0)).toBe(width * height);
    expect(segments.map(({ label, isCrowd }) => [label, isCrowd])).toEqual(
      Array.from(record.labels, (label) => [label, false]),
    );
  }
  // Without it, the background is void.
  const [first] = (await openDataset("shapes:count=1")).records;
  const { segmentIds, segments } = await panopticTruth(first as Dataset["records"][number]);
  const seen = segments.reduce((sum, { area }) => sum + area, 0);
  expect(segmentIds.filter((id) => id === 0)).toHaveLength(128 * 128 - seen);
});
