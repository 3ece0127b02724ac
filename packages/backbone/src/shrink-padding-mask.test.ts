import { Random } from "@detrkit/common";
import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { shrinkPaddingMask } from "./shrink-padding-mask.ts";

useBackend("cpu");

test("a cell is padding where the pixel nearest to it is", async () => {
  // 7 × 5 pixels, of which the image fills 4 × 5, on 3 × 2 cells: rows 0, 2 and 4, columns 0 and 2 are looked at.
  const { paddingMask, sizes } = shrinkPaddingMask(
    [{ height: 4, width: 5 }],
    { height: 7, width: 5 },
    { height: 3, width: 2 },
  );
  expect(paddingMask.shape).toEqual([1, 3, 2]);
  expect(paddingMask.dtype).toBe("bool");
  expect([...(await paddingMask.data())]).toEqual([0, 0, 0, 0, 1, 1]);
  expect(sizes).toEqual([{ height: 2, width: 2 }]);
  paddingMask.dispose();
});

test("the padding mask is the full-size mask looked up at each cell's nearest pixel", async () => {
  const random = new Random(11);
  for (let round = 0; round < 50; round++) {
    const from = { height: random.integer(1, 97), width: random.integer(1, 89) };
    const to = { height: random.integer(1, from.height), width: random.integer(1, from.width) };
    const images = Array.from({ length: 3 }, () => ({
      height: random.integer(1, from.height),
      width: random.integer(1, from.width),
    }));
    const { paddingMask } = shrinkPaddingMask(images, from, to);
    const nearest = (cell: number, pixels: number, cells: number): number =>
      Math.floor(Math.fround(cell * Math.fround(pixels / cells)));
    const expected = images.flatMap(({ height, width }) =>
      Array.from({ length: to.height * to.width }, (_, index) => {
        const row = nearest(Math.floor(index / to.width), from.height, to.height);
        const column = nearest(index % to.width, from.width, to.width);
        return Number(row >= height || column >= width);
      }),
    );
    expect([...(await paddingMask.data())]).toEqual(expected);
    paddingMask.dispose();
  }
});
