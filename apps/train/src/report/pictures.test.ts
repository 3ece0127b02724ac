import { Random } from "@detrkit/common";
import { encodePng } from "@detrkit/image";
import { expect, test } from "vitest";
import { pictureSections, type SamplePicture } from "./pictures.ts";

/** What compresses worst: a picture of noise, as large as those of a demo's images are drawn. */
async function noise(width: number, height: number): Promise<Uint8Array> {
  const random = new Random(3);
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(0, 255));
  return await encodePng({ width, height, data });
}

test("pictures stand below the heading of their kind", async () => {
  const png = await encodePng({ width: 7, height: 5, data: new Uint8Array(7 * 5 * 3) });
  const { predictions, batches } = await pictureSections([
    { name: "a.jpg", png },
    { name: "<b>.jpg", png, kind: "worst", note: "1 found, 2 missed, 3 wrong" },
    { name: "batch 1", png, kind: "batch" },
  ]);
  expect(predictions.match(/<h2>.*?<\/h2>/gu)).toEqual([
    "<h2>Truth (dashed) beside predictions</h2>",
    "<h2>The worst images</h2>",
  ]);
  expect(predictions).toContain("<figcaption>&lt;b&gt;.jpg: 1 found, 2 missed, 3 wrong</figcaption>");
  expect(batches).toContain("<figcaption>batch 1</figcaption>");
});

test("however many pictures there are, the page stays below two megabytes, and says what is left out", async () => {
  const png = await noise(1200, 600);
  const many = (count: number): SamplePicture[] =>
    Array.from({ length: count }, (_, index) => ({ name: `${index}.jpg`, png }));
  const some = await pictureSections(many(8));
  expect(some.predictions.match(/<figure>/gu)).toHaveLength(8);
  expect(some.predictions.length).toBeLessThan(1_900_000);
  const more = await pictureSections(many(40));
  const shown = more.predictions.match(/<figure>/gu)?.length ?? 0;
  expect(shown).toBeGreaterThan(8);
  expect(more.predictions).toContain(`${40 - shown} more pictures lie in predictions/`);
  expect(more.predictions.length).toBeLessThan(1_900_000);
});
