import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DetectionTarget } from "@detrkit/boxes";
import { ConfigError, Random } from "@detrkit/common";
import { type BinaryMask, encodePng, transformObjects } from "@detrkit/image";
import {
  type CocoSegmentation,
  decodeMask,
  encodeMask,
  maskBoundingBox,
  maskToSegmentation,
  segmentationToMask,
} from "@detrkit/masks";
import { useBackend } from "@detrkit/test-utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quarterTurn, quarterTurnOfMasks } from "../../__fixtures__/own-parts.ts";
import {
  batches,
  type BatchesOptions,
  type Dataset,
  letterboxed,
  openDataset,
  prepareObjects,
  toDetectionTarget,
  type TransformStep,
} from "../index.ts";
import { planImage } from "./batch-plan.ts";

useBackend("cpu");

const imageSize = { width: 47, height: 31 };
const names = ["polygons", "compressed", "plain", "crowd"] as const;

/** A mask of random blocks. */
function randomMask(random: Random): BinaryMask {
  const { width, height } = imageSize;
  const data = new Uint8Array(width * height);
  for (let block = 0; block < 3; block++) {
    const [left, top] = [random.integer(0, width - 9), random.integer(0, height - 8)];
    for (let y = top; y < top + 7; y++) data.fill(1, y * width + left, y * width + left + random.integer(1, 8));
  }
  return { ...imageSize, data };
}

/** Of each kind one: polygons of two parts, compressed and plain run lengths, and a crowd region. */
function segmentationsOf(random: Random): readonly CocoSegmentation[] {
  const polygon = (): number[] =>
    Array.from({ length: 5 }, () => [random.integer(0, 46.5), random.integer(0, 30)]).flat();
  const runs = (): ReturnType<typeof encodeMask> => encodeMask(randomMask(random).data, 31, 47);
  const plain = { size: [31, 47], counts: [...runs().counts] } as const;
  return [[polygon(), polygon(), [1, 2, 3, 4]], maskToSegmentation(runs()), plain, maskToSegmentation(runs())];
}

let folder = "";
let coco: Dataset;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-masks-"));
  const random = new Random(3);
  const images = Array.from({ length: 5 }, (_, index) => ({ id: index + 1, file_name: `${index}.png`, ...imageSize }));
  for (const { file_name: name } of images)
    await writeFile(
      join(folder, name),
      await encodePng({ ...imageSize, data: Uint8Array.from({ length: 47 * 31 * 3 }, () => random.integer(0, 255)) }),
    );
  const annotations = images.flatMap(({ id }) =>
    segmentationsOf(random).map((segmentation, kind) => ({
      id: 10 * id + kind,
      image_id: id,
      category_id: kind + 1,
      bbox: maskBoundingBox(segmentationToMask(withoutShort(segmentation), 31, 47)),
      iscrowd: Number(kind === 3),
      segmentation,
    })),
  );
  const categories = names.map((name, index) => ({ id: index + 1, name }));
  await writeFile(join(folder, "train.json"), JSON.stringify({ images, annotations, categories }));
  coco = await openDataset(`coco:${folder}`, { masks: true });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const withoutShort = (segmentation: CocoSegmentation): CocoSegmentation =>
  Array.isArray(segmentation)
    ? (segmentation as readonly (readonly number[])[]).filter(({ length }) => length > 4)
    : segmentation;

const size = { width: 53, height: 37 };
const everything = letterboxed(size, {
  training: true,
  flips: "both",
  mosaic: { probability: 0.5 },
  expand: { probability: 0.5, maxRatio: 2 },
});
const steps: readonly TransformStep[] = [
  ...everything.steps,
  { kind: "pad", right: 3, bottom: 5 },
  { kind: "randomSizeCrop", minSide: 19, maxSide: 41 },
  quarterTurnOfMasks(),
];

interface Seen {
  readonly name: string;
  readonly pixels: readonly number[];
  readonly target: DetectionTarget;
}

async function collect(dataset: Dataset, options: Partial<BatchesOptions> = {}): Promise<Seen[]> {
  const seen: Seen[] = [];
  const usual = { batchSize: 1, transforms: { ...everything, steps }, seed: 7, workers: 0, masks: true };
  for await (const { images, targets, records } of batches(dataset, { ...usual, ...options }))
    for (const [index, target] of targets.entries())
      seen.push({ name: records[index]?.name ?? "", pixels: [...images.images.dataSync()], target });
  return seen;
}

test.each([0, 1, 2])(
  "masks of every kind go through the transforms as their objects do, crowds left out (%i workers)",
  async (workers) => {
    let objects = 0;
    for (const epoch of [0, 1, 2]) {
      const seen = await collect(coco, { epoch, workers });
      seen.forEach(({ target }, index) => {
        const turn = { seed: 7, epoch, before: 0, masks: false };
        const { record, operations } = planImage(coco, index, { ...everything, steps }, turn);
        const prepared = (position: number) => {
          const other = coco.records[position] as Dataset["records"][number];
          return prepareObjects(other, (object) => ({
            ...imageSize,
            data: decodeMask(segmentationToMask(withoutShort(other.segmentations?.[object] ?? []), 31, 47)),
          }));
        };
        const withMasks = operations.map(({ others = [], ...operation }) => ({
          ...operation,
          others: others.map((other) => ({ ...other, objects: prepared(other.position) })),
        }));
        const expected = toDetectionTarget(withMasks.reduce(transformObjects, prepared(coco.records.indexOf(record))));
        expect(target).toEqual(expected);
        expect(expected.labels).not.toContain(names.indexOf("crowd"));
        objects += expected.labels.length;
      });
    }
    expect(objects).toBeGreaterThan(30);
  },
);

test("pixels and boxes are the same with masks and without", async () => {
  const withMasks = await collect(coco);
  const without = await collect(coco, { masks: false });
  expect(without.map(({ target }) => Object.keys(target))).toEqual(without.map(() => ["labels", "boxes"]));
  expect(
    withMasks.map(({ target, ...seen }) => ({ ...seen, target: { labels: target.labels, boxes: target.boxes } })),
  ).toEqual(without);
});

test("the masks of filled boxes fill them after every move that keeps whole pixels", async () => {
  const [left, top, right, bottom] = [8, 5, 30, 22];
  const dataset: Dataset = {
    ...coco,
    records: coco.records.map((record, index) => ({
      ...record,
      boxes: Float64Array.of(left + index, top, right, bottom),
      labels: Int32Array.of(0),
      crowd: Uint8Array.of(0),
      areas: Float64Array.of(1),
      annotationIds: Float64Array.of(1),
      segmentations: [[[left + index, top, right, top, right, bottom, left + index, bottom]]],
    })),
  };
  const moves: readonly TransformStep[] = [
    { kind: "horizontalFlip", probability: 0.5 },
    { kind: "verticalFlip", probability: 0.5 },
    { kind: "expand", probability: 0.7, maxRatio: 2 },
    { kind: "pad", right: 3, bottom: 5 },
    { kind: "randomSizeCrop", minSide: 25, maxSide: 40 },
    quarterTurnOfMasks(),
  ];
  let objects = 0;
  for (let epoch = 0; epoch < 5; epoch++)
    for await (const { targets, images } of batches(dataset, {
      batchSize: 5,
      masks: true,
      epoch,
      workers: 1,
      transforms: { ...everything, steps: moves },
    }))
      for (const [image, { boxes, masks }] of targets.entries()) {
        const { width = 0, height = 0, data = new Uint8Array() } = masks ?? {};
        expect({ width, height }).toEqual(images.sizes[image]);
        if (boxes.length === 0) continue;
        objects++;
        const [x = 0, y = 0, across = 0, down = 0] = boxes;
        const box = [(x - across / 2) * width, (y - down / 2) * height, across * width, down * height];
        expect(maskBoundingBox(encodeMask(data, height, width))).toEqual(box.map(Math.round));
        expect(data.reduce((sum, pixel) => sum + pixel, 0)).toBe(
          Math.round(across * width) * Math.round(down * height),
        );
      }
  expect(objects).toBeGreaterThan(15);
});

test.each([0, 1])(
  "a transform of one's own that moves boxes and forgets masks is named (%i workers)",
  async (workers) => {
    const forgets = { ...everything, steps: [quarterTurn()] };
    await expect(collect(coco, { transforms: forgets, workers })).rejects.toThrow(
      'moveObjects: the objects have masks; give "mask" too',
    );
    await expect(collect(coco, { transforms: forgets, workers })).rejects.toThrow(ConfigError);
  },
);

test("an image with an object that has no mask is left out and said, crowds need none", async () => {
  const [first, second, ...others] = coco.records as [Dataset["records"][number], ...Dataset["records"]];
  const [polygons, compressed] = first.segmentations ?? [];
  const write = async (segmentations: readonly unknown[]): Promise<string> => {
    const image = (id: number, name: string): object => ({ id, file_name: name, ...imageSize });
    const content = {
      images: [image(1, first.name), image(2, second?.name ?? "")],
      categories: [{ id: 1, name: "a" }],
      annotations: [
        { id: 1, image_id: 1, category_id: 1, bbox: [1, 2, 30, 20], segmentation: polygons },
        ...segmentations.map((segmentation, index) => ({
          id: index + 2,
          image_id: 2,
          category_id: 1,
          bbox: [1 + 5 * index, 2, 5, 20],
          segmentation,
          iscrowd: Number(index === 1),
        })),
      ],
    };
    await writeFile(join(folder, "other.json"), JSON.stringify(content));
    return `coco:${join(folder, "other.json")}`;
  };
  for (const [segmentation, found, why] of [
    [undefined, "object-without-mask", "it has no mask"],
    [[], "object-without-mask", "it has no mask"],
    [[[1, 2, 3, 4]], "short-polygon", "none of its polygons has three points"],
    [[["1", 2, 3, 4, 5, 6]], "unreadable-mask", "polygon 1 is no list x, y, x, y, … of finite numbers"],
    [{ size: [3, 4], counts: [12] }, "mask-size-mismatch", "its run lengths are of 4x3 pixels, the image of 47x31"],
    [{ size: [31, 47], counts: [12] }, "unreadable-mask", "its run lengths add up to 12, expected 47 × 31 = 1457"],
    [{ size: [31, 47], counts: "no\u0000" }, "unreadable-mask", "its mask: character 2"],
    ["polygon", "object-without-mask", "it has no mask"],
  ] as const) {
    const spec = await write([compressed, undefined, segmentation]);
    const masked = await openDataset(spec, { masks: true });
    expect(masked.records.map(({ name }) => name)).toEqual([first.name]);
    expect(masked.length).toBe(1);
    const left = masked.problems.filter(({ detail }) => detail.endsWith("; the image is left out"));
    expect(left.map(({ kind, file, detail }) => [kind, file, detail])).toEqual([
      [found, join(folder, second?.name ?? ""), expect.stringContaining(`annotation 4: ${why}`)],
    ]);
    const whole = await openDataset(spec);
    expect(whole.length).toBe(2);
    await expect(collect(whole)).rejects.toThrow(`1.png, annotation 4: ${why}`);
  }
  expect((await openDataset(await write([compressed, undefined]), { masks: true })).length).toBe(2);
  expect(others).toHaveLength(3);
});

test("data without any mask is refused where masks are wanted", async () => {
  await writeFile(
    join(folder, "boxes.json"),
    JSON.stringify({
      images: [{ id: 1, file_name: "0.png", ...imageSize }],
      categories: [{ id: 1, name: "a" }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 2, 30, 20], segmentation: [] }],
    }),
  );
  await expect(openDataset(`coco:${join(folder, "boxes.json")}`, { masks: true })).rejects.toThrow(
    'split "train": none of its objects has a mask; expected COCO with "segmentation"',
  );
});
