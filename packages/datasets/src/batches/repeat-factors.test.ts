import { Random } from "@detrkit/common";
import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import type { Dataset, ImageRecord } from "../dataset.ts";
import { batchCount, batches, batchOrder, epochLength, letterboxed, repeatFactors } from "../index.ts";
import { repeatedImages } from "./repeat-factors.ts";

useBackend("cpu");

/** Images with objects of these labels; a negative one is a crowd region. */
function datasetOf(classes: number, ...images: readonly (readonly number[])[]): Dataset {
  const records = images.map((labels, index): ImageRecord => ({
    id: index,
    name: `${index}`,
    source: { width: 6, height: 4, data: Uint8Array.from({ length: 72 }, (_, at) => 3 * at) },
    width: 6,
    height: 4,
    boxes: Float64Array.from(labels.flatMap(() => [1, 1, 5, 3])),
    labels: Int32Array.from(labels, Math.abs),
    crowd: Uint8Array.from(labels, (label) => (label < 0 ? 1 : 0)),
    areas: Float64Array.from(labels, () => 8),
    annotationIds: Float64Array.from(labels.keys()),
  }));
  const names = Array.from({ length: classes }, (_, label) => `class ${label}`);
  return {
    spec: "images",
    split: "train",
    classes: names,
    categoryIds: [...names.keys()],
    length: records.length,
    records,
    problems: [],
  };
}

/** Of 16 images 15 have class 0, four class 1, one class 2, one nothing. */
const unequal = datasetOf(
  4,
  ...Array.from({ length: 10 }, () => [0, 0]),
  ...Array.from({ length: 4 }, () => [0, 1]),
  [2, 0, -1],
  [],
);

test("by hand: an image comes as often as the rarest of its classes asks for", () => {
  // sqrt(0.5 / (1 / 16)) and sqrt(0.5 / (4 / 16)); crowd regions of class 1 do not make that more frequent.
  const [common, some, rare] = [1, Math.SQRT2, Math.sqrt(8)] as const;
  expect([...repeatFactors(unequal, { threshold: 0.5 })]).toEqual([
    ...Array.from({ length: 10 }, () => common),
    ...Array.from({ length: 4 }, () => some),
    rare,
    1,
  ]);
  expect([...repeatFactors(unequal, { threshold: 0 })]).toEqual(Array.from({ length: 16 }, () => 1));
  expect(() => repeatFactors(unequal, { threshold: 2 })).toThrow("threshold expected a number from 0 to 1, got 2");
});

test("every epoch has the same number of images; over many an image comes as often as it should", () => {
  const repeats = repeatFactors(unequal, { threshold: 0.5 });
  const sum = repeats.reduce((total, repeat) => total + repeat, 0);
  expect(epochLength(16, repeats)).toBe(Math.floor(sum));
  const counts = Array.from(repeats, () => 0);
  const epochs = 2000;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const images = repeatedImages(repeats, new Random(3).fork(epoch));
    expect(images).toHaveLength(Math.floor(sum));
    const ofEpoch = Array.from(repeats, (_, image) => images.filter((one) => one === image).length);
    ofEpoch.forEach((count, image) => {
      expect([Math.floor, Math.ceil].map((round) => round(repeats[image] as number))).toContain(count);
      counts[image] = (counts[image] as number) + count;
    });
  }
  // The sum's fraction, here 0.49 of 2.49 images that come once more, is cut off.
  const kept = Math.floor(sum) - 16 - 1;
  const fractions = sum - 16 - 1;
  repeats.forEach((repeat, image) => {
    const expected = Math.floor(repeat) + ((repeat % 1) * kept) / fractions;
    expect(Math.abs((counts[image] as number) / epochs - expected)).toBeLessThan(0.04);
  });
});

test("whole numbers repeat exactly, 0 leaves out, and images without repeats are as before", () => {
  const order = (repeats?: readonly number[]): readonly number[] =>
    batchOrder(4, { batchSize: 3, seed: 5, shuffle: true, repeats }).flat();
  expect(order([1, 0, 3, 2]).toSorted()).toEqual([0, 2, 2, 2, 3, 3]);
  expect(order([1, 1, 1, 1])).toEqual(order());
  expect(batchCount(4, { batchSize: 3, repeats: [1, 0, 3, 2] })).toBe(2);
  expect(batchOrder(3, { batchSize: 2, repeats: [2, 1, 1] })).toEqual([
    [0, 0],
    [1, 2],
  ]);
});

test.each([
  [[1, 2], "got 2 numbers"],
  [[1, -1, 1], "got -1"],
  [[1, Number.NaN, 1], "got NaN"],
])("%j is refused for three images", (repeats, got) => {
  expect(() => batchOrder(3, { batchSize: 2, repeats })).toThrow(
    `batches: repeats expected a number of at least 0 for each of 3 images, ${got}`,
  );
});

test("an image that comes again is augmented anew, and all is the same after a resume", async () => {
  const transforms = letterboxed({ width: 6, height: 4 }, { training: true, colourJitter: { brightness: 0.9 } });
  const options = { batchSize: 2, transforms, seed: 1, epoch: 4, shuffle: true, workers: 0, repeats: [1, 5, 1] };
  const dataset = datasetOf(1, [0], [0], [0]);
  const collect = async (firstBatch: number): Promise<(readonly [number, string])[]> => {
    const seen: (readonly [number, string])[] = [];
    for await (const { images, records } of batches(dataset, { ...options, firstBatch })) {
      const pixels = images.images.dataSync();
      records.forEach(({ id }, place) => seen.push([id, pixels.subarray(place * 72, place * 72 + 72).join()]));
    }
    return seen;
  };
  const whole = await collect(0);
  expect(whole.map(([id]) => id).toSorted()).toEqual([0, 1, 1, 1, 1, 1, 2]);
  expect(new Set(whole.filter(([id]) => id === 1).map(([, pixels]) => pixels)).size).toBe(5);
  expect(await collect(2)).toEqual(whole.slice(4));
});
