import { decodeMask } from "@detrkit/masks";
import { useBackend } from "@detrkit/test-utils";
import { tensor3d } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { instanceMasks, masksOfGrid } from "./instance-masks.ts";
import { nearestBelow, nearestMiddle } from "./sampled-logits.ts";

useBackend("cpu");

const grid = (
  logits: readonly number[],
  cells: { height: number; width: number },
  size = cells,
  sourceSize = size,
) => ({
  logits: Float32Array.from(logits),
  cells,
  cellsPerPixel: { height: cells.height / size.height, width: cells.width / size.width },
  size,
  sourceSize,
});
const one = (...of: Parameters<typeof grid>): number[] =>
  masksOfGrid(grid(...of)).flatMap((mask) => [...decodeMask(mask)]);

test("nearest is the pixel before for PyTorch, the one in the middle for Pillow", () => {
  expect([...nearestBelow(6, 2)]).toEqual([0, 3]);
  expect([...nearestMiddle(6, 2)]).toEqual([1, 4]);
  expect([...nearestBelow(2, 5)]).toEqual([0, 0, 0, 1, 1]);
  expect([...nearestMiddle(2, 5)]).toEqual([0, 0, 1, 1, 1]);
});

test("a mask is where the interpolated logit is above 0", () => {
  // Between -1 and 3 the four pixels are -1, 0, 2 and 3.
  const line = { height: 1, width: 2 };
  expect(one([-1, 3], line, { height: 1, width: 4 })).toEqual([0, 0, 1, 1]);
  expect(one([-1, 3], line, { height: 1, width: 4 }, { height: 2, width: 2 })).toEqual([0, 1, 0, 1]);
  expect(one([-1, 3, 1, -5], { height: 2, width: 2 })).toEqual([0, 1, 1, 0]);
});

test("another threshold is a probability, and one that is none is refused", () => {
  const cells = { height: 1, width: 3 };
  // sigmoid(1) is 0.73, sigmoid(2) 0.88.
  const [mask] = masksOfGrid(grid([0, 1, 2], cells), 0.8);
  expect(mask).toEqual({ height: 1, width: 3, counts: Uint32Array.of(2, 1) });
  expect(() => masksOfGrid(grid([0], { height: 1, width: 1 }), 1)).toThrow(
    "instanceMasks: threshold expected above 0 and below 1, got 1",
  );
});

test("images without chosen queries ask for nothing, and a query that is given twice is computed once", async () => {
  const asked: number[][] = [];
  const masks = {
    ofImage(image: number, queries: ArrayLike<number>) {
      asked.push([image, ...Array.from(queries)]);
      return {
        logits: tensor3d(Array.from(queries, (query) => [[query - 1]])),
        cellsPerPixel: { height: 1 / 2, width: 1 / 2 },
      };
    },
  };
  const size = { height: 2, width: 2 };
  const found = await instanceMasks(masks, {
    queries: [[], [2, 0, 2]],
    sizes: [size, size],
    sourceSizes: [size, size],
  });
  expect(asked).toEqual([[1, 2, 0]]);
  expect(found.map((ofImage) => ofImage.map(({ counts }) => [...counts]))).toEqual([[], [[0, 4], [4], [0, 4]]]);
});
