import { DataError } from "@detrkit/common";
import { palettePng } from "@detrkit/test-utils";
import sharp from "sharp";
import { expect, test } from "vitest";
import { decodeImage, decodePalettePositions, encodePng } from "./index.ts";

const size = { width: 11, height: 5 };
const numbers = (count: number): number[] => Array.from({ length: 55 }, (_, at) => (at * 7) % count);

test.each([1, 2, 4, 8] as const)(
  "the positions of a palette of %i bits come back, whatever its colours",
  async (bitDepth) => {
    const count = 2 ** bitDepth;
    const indices = [...numbers(count).slice(0, 54), count - 1];
    // Black twice, so that colours alone would not tell positions.
    const palette = Array.from({ length: count }, (_, at) =>
      at < 2 ? ([0, 0, 0] as const) : ([255 - at, 3, at] as const),
    );
    const bytes = palettePng({ ...size, indices, palette, bitDepth });
    const colours = await decodeImage(bytes);
    expect([...colours.data.subarray(3 * 54)]).toEqual([...(palette[count - 1] as readonly number[])]);
    expect(await decodePalettePositions(bytes)).toEqual({ ...size, data: Uint8Array.from(indices) });
  },
);

test("grey levels of 8 bits are numbers too, fewer bits are refused, colours are none", async () => {
  const indices = numbers(256);
  expect(await decodePalettePositions(palettePng({ ...size, indices }))).toEqual({
    ...size,
    data: Uint8Array.from(indices),
  });
  const fewer = palettePng({ ...size, indices: numbers(4), bitDepth: 2 });
  await expect(decodePalettePositions(fewer, { name: "two.png" })).rejects.toThrow(
    "two.png: grey of 2 bits; numbers of objects expected 8 bits, or a palette",
  );
  const coloured = { ...size, data: new Uint8Array(165).fill(9) };
  expect(await decodePalettePositions(await encodePng(coloured))).toBeUndefined();
  const jpeg = await sharp(coloured.data, { raw: { ...size, channels: 3 } })
    .jpeg()
    .toBuffer();
  expect(await decodePalettePositions(jpeg)).toBeUndefined();
});

test("a damaged file is named", async () => {
  const palette = Array.from({ length: 256 }, (_, at) => [at, at, 0] as const);
  const bytes = palettePng({ ...size, indices: numbers(256), palette });
  for (const cut of [30, 60, bytes.length - 20]) {
    const damaged = decodePalettePositions(bytes.subarray(0, cut), { name: "cut.png" });
    await expect(damaged).rejects.toThrow(/^cut\.png: cannot be decoded/u);
    await expect(damaged).rejects.toBeInstanceOf(DataError);
  }
  await expect(decodePalettePositions("/nowhere.png")).rejects.toThrow("/nowhere.png: no such file");
});
