import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import type { Dataset, ImageRecord } from "../dataset.ts";
import { batches, letterboxed } from "../index.ts";

useBackend("cpu");

/** One object in an image of one colour. */
const record = (id: number, width: number, height: number, box: readonly number[]): ImageRecord => ({
  id,
  name: `${id}`,
  source: { width, height, data: new Uint8Array(width * height * 3).fill(200) },
  width,
  height,
  boxes: Float64Array.from(box),
  labels: Int32Array.of(0),
  crowd: Uint8Array.of(0),
  areas: Float64Array.of(1),
  annotationIds: Float64Array.of(id),
});

const records = [record(1, 64, 48, [8, 6, 40, 30]), record(2, 30, 50, [3, 10, 27, 45])];
const dataset: Dataset = {
  spec: "two photographs",
  split: "train",
  classes: ["thing"],
  categoryIds: [1],
  length: records.length,
  records,
  problems: [],
};

test("landscape and portrait keep proportions, the rest is padding, boxes go back exactly", async () => {
  const transforms = letterboxed({ width: 32, height: 24 }, { training: false });
  for await (const { images, targets } of batches(dataset, { batchSize: 2, transforms, workers: 0 })) {
    expect(images.images.shape).toEqual([2, 24, 32, 3]);
    expect(images.sizes).toEqual([
      { width: 32, height: 24 },
      { width: 14, height: 24 },
    ]);
    const [mask, pixels] = [images.paddingMask.dataSync(), images.images.dataSync()];
    for (let at = 0; at < 2 * 24 * 32; at++) {
      const isPadding = at >= 24 * 32 && at % 32 >= 14;
      expect(mask[at]).toBe(isPadding ? 1 : 0);
      // Zero is the mean after normalisation; the image is brighter.
      expect(pixels[3 * at] === 0).toBe(isPadding);
    }
    records.forEach(({ boxes, width, height }, image) => {
      // What a model predicts is a part of the image without padding, and post-processing takes it times the source.
      const [x = 0, y = 0, across = 0, down = 0] = targets[image]?.boxes ?? [];
      const edges = [x - across / 2, y - down / 2, x + across / 2, y + down / 2];
      edges.forEach((edge, index) =>
        expect(edge * (index % 2 === 0 ? width : height)).toBeCloseTo(boxes[index] ?? NaN, 4),
      );
    });
  }
});
