import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DataError } from "@detrkit/common";
import { encodePng, imagenetNormalisation, normalisationTable } from "@detrkit/image";
import { useBackend } from "@detrkit/test-utils";
import { memory } from "@tensorflow/tfjs-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  batchCount,
  batches,
  type BatchesOptions,
  batchOrder,
  type Dataset,
  type DetectionBatch,
  fixedSize,
  ImageWorkers,
  openDataset,
  type TransformRecipe,
} from "../index.ts";

useBackend("cpu");

const training: TransformRecipe = {
  ...fixedSize({ width: 1, height: 1 }, { training: false }),
  steps: [
    { kind: "horizontalFlip", probability: 0.5 },
    { kind: "resize", shortSides: [17, 23, 29], maxSide: 41 },
    { kind: "randomSizeCrop", minSide: 11, maxSide: 19 },
  ],
};

/** All that a batch says, with its tensors read out: they are gone once the next one is asked for. */
function snapshot({ images, targets, records, index }: DetectionBatch): object {
  return {
    index,
    pixels: [...images.images.dataSync()],
    mask: [...images.paddingMask.dataSync()],
    shape: images.images.shape,
    sizes: images.sizes,
    targets,
    records,
  };
}

async function collect(dataset: Dataset, options: Partial<BatchesOptions> = {}): Promise<object[]> {
  const found: object[] = [];
  for await (const batch of batches(dataset, {
    batchSize: 3,
    transforms: training,
    seed: 5,
    shuffle: true,
    workers: 0,
    ...options,
  }))
    found.push(snapshot(batch));
  return found;
}

let folder = "";
let shapes: Dataset;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-batches-"));
  shapes = await openDataset("shapes:count=7,size=43x31,largest=20");
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A data set of files; each image is one colour. */
async function files(
  ...images: readonly {
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly level?: number;
    readonly bytes?: Uint8Array;
  }[]
): Promise<Dataset> {
  const place = await mkdtemp(join(folder, "set-"));
  for (const { name, width, height, level = 0, bytes } of images) {
    await writeFile(
      join(place, name),
      bytes ?? (await encodePng({ width, height, data: new Uint8Array(width * height * 3).fill(level) })),
    );
  }
  const annotations = images.map((_, index) => ({
    id: index + 1,
    image_id: index + 1,
    category_id: 1,
    bbox: [1, 2, 3, 4],
    area: 12,
    iscrowd: 0,
  }));
  const listed = images.map(({ name, width, height }, index) => ({ id: index + 1, file_name: name, width, height }));
  await writeFile(
    join(place, "train.json"),
    JSON.stringify({ images: listed, categories: [{ id: 1, name: "thing" }], annotations }),
  );
  return openDataset(`coco:${place}`);
}

describe("order", () => {
  test("depends on seed and epoch, and every image comes once", () => {
    const order = (seed: number, epoch: number): readonly (readonly number[])[] =>
      batchOrder(11, { batchSize: 3, seed, epoch, shuffle: true });
    expect(order(1, 0).map(({ length }) => length)).toEqual([3, 3, 3, 2]);
    expect(
      order(1, 0)
        .flat()
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 11 }, (_, index) => index));
    expect(order(1, 0)).toEqual(order(1, 0));
    expect(order(1, 1)).not.toEqual(order(1, 0));
    expect(order(2, 0)).not.toEqual(order(1, 0));
    expect(batchOrder(5, { batchSize: 2 })).toEqual([[0, 1], [2, 3], [4]]);
    expect(batchOrder(5, { batchSize: 2, dropLast: true })).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(batchCount(5, { batchSize: 2, dropLast: true })).toBe(2);
    expect(() => batchCount(5, { batchSize: 0 })).toThrow("batchSize expected a whole number from 1, got 0");
  });
});

describe("batches", () => {
  test("are the same however many threads read them", async () => {
    const alone = await collect(shapes);
    expect(alone).toHaveLength(3);
    expect(await collect(shapes, { workers: 1 })).toEqual(alone);
    expect(await collect(shapes, { workers: 3, ahead: 5 })).toEqual(alone);
  });

  test("go on in the middle of an epoch as if it had not been left", async () => {
    const whole = await collect(shapes, { epoch: 2 });
    expect(await collect(shapes, { epoch: 2, firstBatch: 1 })).toEqual(whole.slice(1));
    expect(await collect(shapes, { epoch: 2, firstBatch: 3 })).toEqual([]);
    expect(await collect(shapes, { epoch: 1 })).not.toEqual(whole);
  });

  test("hold normalised pixels, and zeros and a true mask on padding", async () => {
    const dataset = await files(
      { name: "a.png", width: 7, height: 5, level: 100 },
      { name: "b.png", width: 5, height: 11, level: 200 },
    );
    const table = normalisationTable(imagenetNormalisation);
    let seen = 0;
    for await (const { images, targets, records } of batches(dataset, {
      batchSize: 2,
      transforms: { ...training, steps: [] },
      workers: 1,
    })) {
      seen++;
      expect(images.images.shape).toEqual([2, 11, 7, 3]);
      expect(images.sizes).toEqual([
        { width: 7, height: 5 },
        { width: 5, height: 11 },
      ]);
      const pixels = images.images.dataSync();
      const mask = images.paddingMask.dataSync();
      for (const [image, { width, height }] of images.sizes.entries()) {
        for (let y = 0; y < 11; y++) {
          for (let x = 0; x < 7; x++) {
            const inside = x < width && y < height;
            const at = (image * 11 + y) * 7 + x;
            expect(mask[at]).toBe(inside ? 0 : 1);
            const wanted = [0, 1, 2].map((channel) => (inside ? table[channel * 256 + 100 * (image + 1)] : 0));
            expect([...pixels.subarray(3 * at, 3 * at + 3)]).toEqual(wanted);
          }
        }
      }
      expect([...(targets[1]?.boxes ?? [])]).toEqual([2.5 / 5, 4 / 11, 3 / 5, 4 / 11].map(Math.fround));
      expect(records.map(({ id, name, width, height }) => [id, name, width, height])).toEqual([
        [1, "a.png", 7, 5],
        [2, "b.png", 5, 11],
      ]);
    }
    expect(seen).toBe(1);
  });

  test("reused memory shows nothing of earlier batches", async () => {
    // Large and small images in turn, one batch ahead: every piece of memory is used many times.
    const images = Array.from({ length: 12 }, (_, index) => ({
      name: `${index}.png`,
      width: 5 + (index % 2) * 8,
      height: 13 - (index % 3) * 4,
      level: 20 * index,
    }));
    const dataset = await files(...images);
    const options = { batchSize: 2, shuffle: true, transforms: { ...training, steps: [] } };
    expect(await collect(dataset, { ...options, workers: 2, ahead: 1 })).toEqual(
      await collect(dataset, { ...options, workers: 0, ahead: 6 }),
    );
  });

  test.each([0, 1])(
    "leave time for timers and Ctrl-C between them, however busy their user is (%d workers)",
    async (workers) => {
      let fired = false;
      let late = 0;
      for await (const { index } of batches(shapes, { batchSize: 1, transforms: training, workers })) {
        if (index === 1) setTimeout(() => (fired = true), 0);
        // A step without a pause, long enough for the workers to have the next batches ready.
        for (const until = performance.now() + 40; performance.now() < until;);
        if (index > 1 && !fired) late++;
      }
      expect([fired, late]).toEqual([true, 0]);
    },
  );

  test("free their tensors, also when the loop is left", async () => {
    const before = memory().numTensors;
    const workers = new ImageWorkers(2);
    try {
      for (let round = 0; round < 3; round++) {
        for await (const batch of batches(shapes, { batchSize: 2, transforms: training, workers })) {
          expect(memory().numTensors).toBe(before + 2);
          expect(batch.waitedMs).toBeGreaterThanOrEqual(0);
          break;
        }
        expect(memory().numTensors).toBe(before);
      }
      // The workers serve on after loops that were left.
      expect(await collect(shapes, { workers })).toEqual(await collect(shapes));
    } finally {
      await workers.close();
    }
    await expect(collect(shapes, { workers })).rejects.toThrow("the workers were closed");
  });

  test.each([0, 1])("a damaged image is named, with %i workers", async (workers) => {
    const whole = await encodePng({
      width: 9,
      height: 9,
      data: Uint8Array.from({ length: 243 }, (_, at) => (at * 37) % 256),
    });
    const cut = await files(
      { name: "good.png", width: 5, height: 5 },
      { name: "cut.png", width: 9, height: 9, bytes: whole.subarray(0, whole.length - 40) },
    );
    await expect(collect(cut, { batchSize: 1, shuffle: false, workers })).rejects.toThrow(
      /cut\.png: cannot be decoded/u,
    );
    await expect(collect(cut, { batchSize: 1, shuffle: false, workers })).rejects.toBeInstanceOf(DataError);
    const empty = await files({ name: "empty.png", width: 9, height: 9, bytes: new Uint8Array(0) });
    await expect(collect(empty, { workers })).rejects.toThrow(/empty\.png: the file has 0 bytes/u);
  });

  test("an image of another size than annotated is refused, unless its stored pixels have that size", async () => {
    const other = await files({
      name: "other.png",
      width: 6,
      height: 9,
      bytes: await encodePng({ width: 9, height: 6, data: new Uint8Array(162) }),
    });
    await expect(collect(other)).rejects.toThrow(/other\.png: the image has 9x6 pixels, its annotation says 6x9/u);
    const bytes = await sharp(new Uint8Array(162).fill(50), { raw: { width: 9, height: 6, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    for (const [width, height] of [
      [9, 6],
      [6, 9],
    ] as const) {
      const dataset = await files({ name: "turned.jpg", width, height, bytes });
      expect(await collect(dataset, { transforms: { ...training, steps: [] } })).toMatchObject([
        { sizes: [{ width, height }] },
      ]);
    }
  });

  test("a worker that dies fails what it had to do, by name, and the last one everything after it", async () => {
    const script = join(folder, "dies.mjs");
    await writeFile(
      script,
      'import { parentPort } from "node:worker_threads";\nparentPort.on("message", () => process.exit(3));\n',
    );
    const workers = new ImageWorkers(1, pathToFileURL(script));
    await expect(collect(shapes, { workers, batchSize: 1, shuffle: false })).rejects.toThrow(
      /a worker stopped \(exit code 3\) while it had to read shapes-train-000001\.png/u,
    );
    await expect(collect(shapes, { workers })).rejects.toThrow("all workers that read images stopped: exit code 3");
    await workers.close();
  });
});
