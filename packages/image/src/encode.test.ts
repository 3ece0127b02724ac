import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import { decodeImage, encodePng, readImageHeader, shrinkToWebp } from "./index.ts";
import type { RgbImage } from "./index.ts";

/** Smooth colours with noise on them, as generated images have it and photographs too. */
function noisy(width: number, height: number): RgbImage {
  const random = new Random(11);
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, at) => 40 + (Math.floor(at / 3) % width) + random.integer(0, 50),
  );
  return { width, height, data };
}

test("a wide picture is shrunk, a narrow one is not enlarged", async () => {
  const png = await encodePng(noisy(131, 67));
  expect(await readImageHeader(await shrinkToWebp(png, { width: 61 }))).toMatchObject({ width: 61, height: 31 });
  expect(await readImageHeader(await shrinkToWebp(png, { width: 1200 }))).toMatchObject({ width: 131, height: 67 });
});

test("of noise a fifth of the PNG's bytes is left, and a red line stays red", async () => {
  const image = noisy(131, 67);
  for (let x = 0; x < 131; x++) for (let y = 30; y < 33; y++) image.data.set([220, 20, 30], (y * 131 + x) * 3);
  const png = await encodePng(image);
  const webp = await shrinkToWebp(png, { width: 131 });
  expect(webp.length).toBeLessThan(png.length / 5);
  const { data } = await decodeImage(webp);
  const [red = 0, green = 0, blue = 0] = data.subarray((31 * 131 + 60) * 3);
  expect(red).toBeGreaterThan(170);
  expect(Math.max(green, blue)).toBeLessThan(90);
});

test("what is no picture is named", async () => {
  await expect(
    shrinkToWebp(new TextEncoder().encode("text"), { width: 7, name: "predictions/01-a.png" }),
  ).rejects.toThrow("predictions/01-a.png: cannot be written as WebP");
});
