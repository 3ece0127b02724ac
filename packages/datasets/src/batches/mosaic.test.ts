import { useBackend } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import type { Dataset, ImageRecord } from "../dataset.ts";
import {
  batches,
  type BatchesOptions,
  defineTransform,
  type ImageObjects,
  joinObjects,
  letterboxed,
  moveObjects,
  openDataset,
} from "../index.ts";

useBackend("cpu");

const size = { width: 48, height: 32 };
const transforms = letterboxed(size, {
  training: true,
  mosaic: { probability: 0.6 },
  expand: { probability: 0.5 },
  colourJitter: { brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.1 },
});

async function collect(dataset: Dataset, options: Partial<BatchesOptions> = {}): Promise<object[]> {
  const found: object[] = [];
  const usual = { batchSize: 3, transforms, seed: 5, shuffle: true, workers: 0 };
  for await (const { images, targets, records, index } of batches(dataset, { ...usual, ...options }))
    found.push({ index, pixels: [...images.images.dataSync()], sizes: images.sizes, targets, records });
  return found;
}

let shapes: Dataset;
beforeAll(async () => {
  shapes = await openDataset("shapes:count=7,size=43x31,largest=20");
});

test("mosaics, canvases and colours are the same however many threads make them, and after a resume", async () => {
  const alone = await collect(shapes, { epoch: 2 });
  expect(alone).toHaveLength(3);
  expect(await collect(shapes, { epoch: 2, workers: 2 })).toEqual(alone);
  expect(await collect(shapes, { epoch: 2, firstBatch: 1, workers: 1 })).toEqual(alone.slice(1));
  expect(await collect(shapes, { epoch: 3 })).not.toEqual(alone);
});

/** An image in memory with one object of its own class, and a crowd region. */
const record = (index: number, source: ImageRecord["source"]): ImageRecord => ({
  id: index + 1,
  name: `${index}`,
  source,
  width: 30,
  height: 20,
  boxes: Float64Array.of(1, 1, 29, 19, 0, 0, 30, 20),
  labels: Int32Array.of(index, 3),
  crowd: Uint8Array.of(0, 1),
  areas: Float64Array.of(504, 600),
  annotationIds: Float64Array.of(2 * index + 1, 2 * index + 2),
});

const plain = (level: number) => ({ width: 30, height: 20, data: new Uint8Array(1800).fill(level) });
const sources: readonly ImageRecord["source"][] = [plain(10), () => plain(20), async () => Promise.resolve(plain(30))];
const inMemory: Dataset = {
  spec: "memory",
  split: "train",
  classes: ["a", "b", "c", "crowd"],
  categoryIds: [1, 2, 3, 4],
  length: sources.length,
  records: sources.map((source, index) => record(index, source)),
  problems: [],
};

test.each([0, 1])(
  "images of any source are put together, their crowd regions left out (%i workers)",
  async (workers) => {
    const always = letterboxed(size, { training: true, mosaic: { probability: 1 } });
    const labels = new Set<number>();
    for (let epoch = 0; epoch < 4; epoch++)
      for await (const { targets } of batches(inMemory, { batchSize: 2, transforms: always, epoch, workers }))
        for (const target of targets) target.labels.forEach((label) => labels.add(label));
    expect([...labels].toSorted()).toEqual([0, 1, 2]);
    // Handed to a worker as copies: the reader's own pixels are still there.
    expect((sources[0] as { data: Uint8Array }).data).toHaveLength(1800);
  },
);

test.each([0, 1])("an image that a mosaic cannot have is named (%i workers)", async (workers) => {
  const broken = {
    ...inMemory,
    records: inMemory.records.map((one, index) => (index === 1 ? { ...one, source: "gone.png" } : one)),
  };
  const always = letterboxed(size, { training: true, mosaic: { probability: 1 } });
  const run = async (): Promise<void> => {
    for (let epoch = 0; epoch < 4; epoch++)
      for await (const _ of batches(broken, { batchSize: 1, transforms: always, epoch, workers }));
  };
  await expect(run()).rejects.toThrow("gone.png");
});

test("a transform of one's own takes other images by the same seam", async () => {
  /** Puts another image below. */
  const stacked = defineTransform({
    kind: "stacked",
    others: () => 1,
    plan: (_: object, { width, height }, __, [below]) => ({ size: { width, height: height + (below?.height ?? 0) } }),
    apply: (image, { size: whole }, [below]) => ({
      ...whole,
      data: Uint8Array.from([...image.data, ...(below?.data ?? [])]),
    }),
    applyToObjects: (objects, { size: whole }, [below]) => {
      const moved = moveObjects(below as ImageObjects, {
        size: whole,
        box: ([left, top, right, bottom]) => [left, top + 20, right, bottom + 20],
      });
      return joinObjects([{ ...objects, size: whole }, moved]);
    },
  });
  const own = { ...letterboxed(size, { training: false }), steps: [stacked()] };
  for await (const { images, targets } of batches(inMemory, { batchSize: 3, transforms: own, workers: 0 })) {
    expect(images.sizes).toEqual([0, 1, 2].map(() => ({ width: 30, height: 40 })));
    expect(targets.map(({ labels: [first], boxes }) => [first, boxes.length])).toEqual([
      [0, 8],
      [1, 8],
      [2, 8],
    ]);
    // The second box lies below the first, 18 of 40 pixels high.
    expect([...(targets[0]?.boxes.subarray(5) ?? [])]).toEqual([0.75, 28 / 30, 0.45].map(Math.fround));
  }
});
