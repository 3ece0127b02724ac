import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DataError } from "@detrkit/common";
import {
  decodeImage,
  defineTransform,
  encodePng,
  horizontalFlip,
  imagenetNormalisation,
  resizeTo,
  type RgbImage,
  type TransformStep,
} from "@detrkit/image";
import { useBackend } from "@detrkit/test-utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { careless, hiddenSteps, plain, quarterTurn, randomErase } from "../../__fixtures__/own-parts.ts";
import { busy, workers as busyWorkers } from "../../__fixtures__/reads-images.ts";
import { batches, type Dataset, exportCoco, type ImageWorkers, openDataset, type PixelSource } from "../index.ts";

useBackend("cpu");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-own-parts-"));
});
afterAll(async () => {
  await busyWorkers.close();
  await rm(folder, { recursive: true });
});

/** Every number of every batch. */
async function collect(dataset: Dataset, steps: readonly TransformStep[], workers: number | ImageWorkers) {
  const transforms = { steps, normalisation: imagenetNormalisation };
  const found = [];
  for await (const { images, targets, records } of batches(dataset, {
    batchSize: 2,
    transforms,
    seed: 3,
    shuffle: true,
    workers,
  }))
    found.push({ pixels: [...images.images.dataSync()], sizes: images.sizes, targets, records });
  return found;
}

/** A picture of `width` x `height` pixels, all different. */
const picture = (width: number, height: number, seed = 1): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * 37 + seed * 11) % 256),
});

/** A data set that somebody builds, of pictures that are no files. */
function inMemory(
  ...sources: readonly { readonly source: PixelSource; readonly width: number; readonly height: number }[]
) {
  const records = sources.map((image, index) => ({
    ...image,
    id: index + 1,
    name: `picture ${index + 1}`,
    boxes: Float64Array.of(1, 2, 4, 5),
    labels: Int32Array.of(0),
    crowd: Uint8Array.of(0),
    areas: Float64Array.of(9),
    annotationIds: Float64Array.of(index + 1),
  }));
  const named = { spec: "in memory", split: "train", classes: ["thing"], categoryIds: [1] };
  return { ...named, records, length: records.length, problems: [] } satisfies Dataset;
}

describe("transforms of one's own", () => {
  const steps = [
    horizontalFlip({ probability: 0.5 }),
    randomErase({ probability: 0.7 }),
    quarterTurn(),
    resizeTo({ width: 23, height: 19 }),
  ];

  test("give the same numbers in worker threads and in the calling one", async () => {
    const shapes = await openDataset("shapes:count=7,size=43x31,largest=20");
    const alone = await collect(shapes, steps, 0);
    expect(await collect(shapes, steps, 2)).toEqual(alone);
    expect(await collect(shapes, [...steps.slice(0, 1), ...steps.slice(2)], 0)).not.toEqual(alone);
  });

  test("without a module run in the calling thread, whatever the number of workers", async () => {
    const shapes = await openDataset("shapes:count=3,size=32");
    let calls = 0;
    const counted = defineTransform({
      kind: "counted",
      plan: () => ({}),
      apply: (image) => {
        calls++;
        return image;
      },
    });
    expect(await collect(shapes, [counted(), ...steps], 2)).toEqual(await collect(shapes, steps, 2));
    expect(calls).toBe(3);
  });

  test("leave a picture in memory as it is, even when they are careless", async () => {
    const held = picture(9, 7);
    const before = held.data.slice();
    const dataset = inMemory({ source: held, width: 9, height: 7 });
    expect(await collect(dataset, [careless()], 0)).toEqual(await collect(dataset, [careless()], 1));
    expect(held.data).toEqual(before);
  });

  test("that workers can't get are refused by name, and so is a plan that can't be sent", async () => {
    const shapes = await openDataset("shapes:count=2,size=32");
    const definition = { plan: () => ({}), apply: (image: RgbImage) => image };
    const missing = defineTransform({ ...definition, kind: "missing", module: `file://${folder}/none.ts` });
    await expect(collect(shapes, [missing()], 1)).rejects.toThrow(
      /none\.ts: a thread that reads images cannot import it: Cannot find module/u,
    );
    await expect(collect(shapes, hiddenSteps, 1)).rejects.toThrow(
      /transform "hidden": file:.*own-parts\.ts does not export it; export what defineTransform returned/u,
    );
    const withFunction = defineTransform({
      kind: "withFunction",
      module: import.meta.url,
      plan: () => ({ change: () => 3 }),
      apply: (image) => image,
    });
    await expect(collect(shapes, [withFunction()], 1)).rejects.toThrow(
      /train-00000\d\.png: cannot be sent to the thread that reads it .*\(withFunction\), have to be plain data/u,
    );
  });

  test("of a module that reads images itself are refused, rather than threads starting threads", async () => {
    const shapes = await openDataset("shapes:count=2,size=32");
    await expect(collect(shapes, [busy()], 1)).rejects.toThrow(
      /reads-images\.ts: .*imported a module for its transform or pixel source, and that module reads images itself/u,
    );
  });

  test("of the program itself run in its own thread: workers do not start the program again", async () => {
    const program = join(import.meta.dirname, "../../__fixtures__/program.ts");
    const flags = ["--conditions=@detrkit/source", "--import", "@tensorflow/tfjs-backend-cpu"];
    const cwd = join(import.meta.dirname, "../../../..");
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program], { cwd });
    expect(stdout).toBe("started\n3 batches, 3 calls here\n");
  });
});

describe("pictures that are no files", () => {
  const small = picture(9, 7);
  const other = picture(5, 11, 2);

  test("may be bytes, pixels, functions of these, or made by a module: the same in every thread", async () => {
    const file = join(folder, "small.png");
    const png = await encodePng(small);
    await writeFile(file, png);
    // A part of a large buffer, as Node's are.
    const large = Buffer.concat([Buffer.alloc(5000, 1), png, Buffer.alloc(7000, 2)]);
    const shared = new Uint8Array(new SharedArrayBuffer(small.data.length));
    shared.set(small.data);
    const forms: readonly PixelSource[] = [
      png,
      large.subarray(5000, 5000 + png.length),
      small,
      { ...small, data: shared },
      () => small,
      () => file,
      async () => Promise.resolve(png),
    ];
    const second = { source: other, width: 5, height: 11 };
    const size = { width: 9, height: 7 };
    const [expected] = await collect(inMemory({ source: file, ...size }, second), [], 0);
    const { pixels, targets, sizes } = expected as NonNullable<typeof expected>;
    for (const source of forms) {
      for (const workers of [0, 1])
        expect(await collect(inMemory({ source, ...size }, second), [], workers)).toMatchObject([
          { pixels, targets, sizes },
        ]);
    }
    // The reader still has them.
    expect([small.data, png.length]).toEqual([picture(9, 7).data, (await encodePng(small)).length]);
    const made = inMemory({ source: plain({ side: 6, level: 40 }), width: 6, height: 6 });
    const level = inMemory({
      source: { width: 6, height: 6, data: new Uint8Array(108).fill(40) },
      width: 6,
      height: 6,
    });
    for (const workers of [0, 1]) expect(await collect(made, [], workers)).toEqual(await collect(level, [], 0));
  });

  test.each([0, 1])("that fail, or are not what was said, are named, with %i workers", async (workers) => {
    const read = (source: PixelSource): Promise<unknown> =>
      collect(inMemory({ source, width: 9, height: 7 }), [], workers);
    const fail = (): never => {
      throw new Error("no connection");
    };
    await expect(read(fail)).rejects.toThrow("picture 1: its source failed: no connection");
    await expect(read(async () => Promise.resolve().then(fail))).rejects.toThrow(
      "picture 1: its source failed: no connection",
    );
    await expect(read(() => 3 as never)).rejects.toThrow(
      "picture 1: its source gave number; expected a path, the bytes of an image file, or pixels",
    );
    await expect(read(other)).rejects.toThrow("picture 1: the image has 5x11 pixels, its annotation says 9x7");
    await expect(read({ ...small, data: new Uint8Array(9 * 7 * 4) })).rejects.toThrow(
      "picture 1: pixels of 9x7 expected 189 bytes of red, green and blue, got 252",
    );
    await expect(read(new Uint8Array([1, 2, 3]))).rejects.toThrow("picture 1: unsupported");
    await expect(read(new Uint8Array())).rejects.toBeInstanceOf(DataError);
  });

  test("are loaded only when their batch is near, and not at all when the loop is left", async () => {
    const loaded: number[] = [];
    const sources = Array.from({ length: 20 }, (_, index) => ({
      source: () => {
        loaded.push(index);
        return small;
      },
      width: 9,
      height: 7,
    }));
    const transforms = { steps: [], normalisation: imagenetNormalisation };
    for await (const { index } of batches(inMemory(...sources), { batchSize: 1, transforms, workers: 1, ahead: 3 })) {
      expect(Math.max(...loaded)).toBeLessThanOrEqual(index + 3);
      if (index === 4) break;
    }
    expect(loaded).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("are exported to a folder as files that are read as the same", async () => {
    const png = await encodePng(small);
    const out = join(folder, "out");
    await mkdir(out);
    const dataset = inMemory(
      { source: png, width: 9, height: 7 },
      { source: () => other, width: 5, height: 11 },
      { source: plain({ side: 6, level: 40 }), width: 6, height: 6 },
    );
    await exportCoco(dataset, out);
    const again = await openDataset(`coco:${out}`);
    const images = await Promise.all(again.records.map(({ source }) => decodeImage(source as string)));
    expect(images).toEqual([small, other, { width: 6, height: 6, data: new Uint8Array(108).fill(40) }]);
    expect(await collect(again, [], 0)).toMatchObject(
      (await collect(dataset, [], 0)).map(({ pixels, targets }) => ({ pixels, targets })),
    );
  });
});
