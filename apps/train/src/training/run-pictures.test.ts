import { startBackend } from "@detrkit/backend";
import { batchOrder, type ImageRecord, loadPixels, openDataset } from "@detrkit/datasets";
import type { Detection } from "@detrkit/common";
import { decodeImage, fixedSize } from "@detrkit/image";
import { encodeMask, maskArea, maskToSegmentation, segmentationToMask } from "@detrkit/masks";
import { expect, test } from "vitest";
import type { EvaluationAnalysis } from "../evaluation/analyse-evaluation.ts";
import type { SamplePicture } from "../report/pictures.ts";
import type { RunParts } from "./parts.ts";
import { drawBatches, drawValidation, truthBoxes } from "./run-pictures.ts";

test("drawn objects carry their class's name and the id that predictions have too", () => {
  const record = {
    id: 5,
    name: "a.jpg",
    source: "/x/a.jpg",
    width: 101,
    height: 67,
    boxes: Float64Array.of(2, 3, 13, 20, 1, 1, 8, 6),
    labels: Int32Array.of(1, 0),
    crowd: Uint8Array.of(0, 1),
    areas: Float64Array.of(187, 35),
    annotationIds: Float64Array.of(71, 73),
  } as const;
  expect(truthBoxes(record, { classes: ["cat", "dog"], categoryIds: [17, 19] })).toEqual([
    { label: "dog", labelId: 19, box: { xmin: 2, ymin: 3, xmax: 13, ymax: 20 } },
    { label: "cat", labelId: 17, box: { xmin: 1, ymin: 1, xmax: 8, ymax: 6 } },
  ]);
});

test("the truth has masks beside a model that has them: polygons or run lengths; a damaged one is left out", () => {
  const square = [10, 5, 20, 5, 20, 15, 10, 15];
  const rows = encodeMask(
    Uint8Array.from({ length: 67 * 101 }, (_, at) => Number(at < 202)),
    67,
    101,
  );
  const record = {
    id: 5,
    name: "a.jpg",
    source: "/x/a.jpg",
    width: 101,
    height: 67,
    boxes: new Float64Array(20),
    labels: new Int32Array(5),
    crowd: new Uint8Array(5),
    areas: new Float64Array(5),
    annotationIds: new Float64Array(5),
    segmentations: [[square], maskToSegmentation(rows), undefined, [], [[1, 2, 3]]],
  };
  const dataset = { classes: ["cat"], categoryIds: [17] };
  const areas = truthBoxes(record, dataset, true).map(
    ({ mask }) => mask && maskArea(segmentationToMask(mask, 0, 0, "mask")),
  );
  expect(areas).toEqual([100, 202, undefined, undefined, undefined]);
  expect(truthBoxes(record, dataset).every(({ mask }) => mask === undefined)).toBe(true);
});

test("masks that lie in a picture are drawn beside those of a model with masks, and only beside those", async () => {
  const validation = await openDataset("shapes:count=1,validation=1,size=64,objects=2,classes=2", { split: "val" });
  const [record] = validation.records;
  if (record === undefined) throw new Error("the data set has an image");
  const [box] = truthBoxes(record, validation);
  const found = { label: "circle", labelId: 1, score: 0.9, box: (box as NonNullable<typeof box>).box };
  const mask = maskToSegmentation(encodeMask(new Uint8Array(64 * 64), 64, 64));
  const analysis = { threshold: 0.5, worst: [], best: [] } as unknown as EvaluationAnalysis;
  const draw = async (detection: Detection): Promise<Uint8Array> => {
    const pictures = await drawValidation(validation, { detections: new Map([[record.id, [detection]]]) }, analysis, 1);
    const { data, width, height } = await decodeImage((pictures[0] as SamplePicture).png);
    // The left half is the truth.
    const half = Math.floor(width / 2) - 20;
    return Uint8Array.from(
      { length: half * height },
      (_, at) => data[((at / half) | 0) * width * 3 + (at % half) * 3] ?? 0,
    );
  };
  const [plain, again, masked] = [
    await draw(found),
    await draw({ ...found, score: 0.8 }),
    await draw({ ...found, mask }),
  ];
  expect(again).toEqual(plain);
  const changed = masked.filter((red, at) => Math.abs(red - (plain[at] as number)) > 8).length;
  expect(changed).toBeGreaterThan(plain.length / 100);
});

test("a batch is shown as it is trained on: the pixels of its images again, and their boxes", async () => {
  await startBackend({ prefer: "cpu" });
  const dataset = await openDataset("shapes:count=3,validation=2,size=64,objects=1,classes=2", { split: "train" });
  const run = { data: { training: dataset, validation: dataset }, model: {}, batchSize: 2, seed: 1 };
  const recipe = fixedSize({ width: 64, height: 64 }, { flips: "none", training: true });
  const parts = { ...run, transforms: { training: recipe, evaluation: recipe } } as unknown as RunParts;
  const pictures = await drawBatches(parts, 4, 2);
  expect(pictures.map(({ name, kind }) => [name, kind])).toEqual([
    ["batch 1 of epoch 5", "batch"],
    ["batch 2 of epoch 5", "batch"],
  ]);
  // The second batch is one image alone: without its boxes it is the data set's image, enlarged.
  const shown = await decodeImage((pictures[1] as SamplePicture).png);
  const place = batchOrder(3, { batchSize: 2, seed: 1, epoch: 4, shuffle: true })[1]?.[0] ?? -1;
  const source = await loadPixels(dataset.records[place] as ImageRecord);
  const scale = shown.width / source.width;
  const [x, y] = [0, 63];
  const at = ((y * scale + 4) * shown.width + x * scale + 4) * 3;
  const original = source.data.subarray((y * source.width + x) * 3, (y * source.width + x) * 3 + 3);
  shown.data.subarray(at, at + 3).forEach((byte, channel) => {
    expect(Math.abs(byte - (original[channel] as number))).toBeLessThan(12);
  });
});

test("images that come more often than others do so in the batches that are shown too", async () => {
  await startBackend({ prefer: "cpu" });
  const dataset = await openDataset("shapes:count=3,validation=2,size=64,objects=1,classes=2", { split: "train" });
  const recipe = fixedSize({ width: 64, height: 64 }, { flips: "none", training: true });
  const parts = {
    data: { training: dataset, validation: dataset },
    model: {},
    batchSize: 1,
    repeats: [0, 5, 0],
    seed: 1,
    transforms: { training: recipe, evaluation: recipe },
  } as unknown as RunParts;
  const pictures = await drawBatches(parts, 0, 5);
  expect(pictures.length).toBe(5);
  // Without random changes five times the same image is five times the same picture.
  expect(new Set(pictures.map(({ png }) => Buffer.from(png).toString("base64"))).size).toBe(1);
});
