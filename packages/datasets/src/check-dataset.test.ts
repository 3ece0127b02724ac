import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkDataset, dataPolicy, describeProblem } from "./index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-check-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const black = { width: 12, height: 8, data: new Uint8Array(12 * 8 * 3) };
const picture = (): ReturnType<typeof sharp> => sharp(black.data, { raw: { width: 12, height: 8, channels: 3 } });

async function coco(
  name: string,
  images: Readonly<Record<string, Uint8Array>>,
  size: { readonly width: number; readonly height: number } = black,
): Promise<string> {
  const place = join(folder, name);
  await mkdir(join(place, "train"), { recursive: true });
  for (const [file, bytes] of Object.entries(images)) await writeFile(join(place, "train", file), bytes);
  const listed = Object.keys(images).map((file, index) => ({
    id: index + 1,
    file_name: file,
    width: size.width,
    height: size.height,
  }));
  const annotations = listed.map(({ id }) => ({
    id,
    image_id: id,
    category_id: 1,
    bbox: [1, 2, 3, 4],
    area: 12,
    iscrowd: 0,
  }));
  const categories = [
    { id: 1, name: "ant" },
    { id: 2, name: "bee" },
  ];
  await writeFile(join(place, "train.json"), JSON.stringify({ images: listed, categories, annotations }));
  return `coco:${place}`;
}

test("every odd kind of image is noted, and nothing of it is wrong", async () => {
  const spec = await coco("odd", {
    "plain.png": await encodePng(black),
    "grey.png": await picture().toColourspace("b-w").png().toBuffer(),
    "deep.png": await picture().toColourspace("rgb16").png().toBuffer(),
    "cmyk.jpg": await picture().toColourspace("cmyk").jpeg().toBuffer(),
    "alpha.png": await picture().ensureAlpha(0.5).png().toBuffer(),
    "turned.jpg": await picture().withMetadata({ orientation: 8 }).jpeg().toBuffer(),
  });
  const report = await checkDataset(spec);
  expect(report.wrong).toBe(false);
  expect(report.findings.map(({ kind, count }) => [kind, count]).toSorted()).toEqual(
    [
      ["16-bit-image", 1],
      ["alpha-image", 1],
      ["class-without-boxes", 1],
      ["cmyk-image", 1],
      ["grey-image", 1],
      ["rotated-image", 1],
    ].toSorted(),
  );
  const turned = report.findings.find(({ kind }) => kind === "rotated-image")?.examples[0];
  expect(turned).toEqual({
    kind: "rotated-image",
    file: join(folder, "odd/train/turned.jpg"),
    detail: "EXIF orientation 8, left alone since the annotated size is that of the stored pixels",
  });
  expect(report.splits).toEqual([{ split: "train", images: 6, boxes: 6, boxesByClass: { ant: 6, bee: 0 } }]);
});

test("images that can't be trained on are wrong, and come first with file and reason", async () => {
  const whole = await encodePng({ ...black, data: black.data.map((_, at) => (at * 91) % 251) });
  const spec = await coco("bad", {
    "cut.png": whole.subarray(0, whole.length - 30),
    "empty.png": new Uint8Array(0),
    "text.png": new TextEncoder().encode("hello"),
  });
  const report = await checkDataset(spec, { examples: 2 });
  expect(report.wrong).toBe(true);
  const [first] = report.findings;
  expect(first).toMatchObject({ kind: "unreadable-image", severity: "wrong", count: 3 });
  expect(first?.examples.map(describeProblem)).toEqual([
    expect.stringMatching(/bad\/train\/cut\.png: cannot be decoded/u),
    expect.stringMatching(/bad\/train\/empty\.png: the file has 0 bytes/u),
  ]);
  // What only decoding shows is not found by headers.
  expect((await checkDataset(spec, { decode: false })).findings[0]?.count).toBe(2);
});

test("a size that disagrees with the annotation is wrong", async () => {
  const report = await checkDataset(await coco("sized", { "a.png": await encodePng(black) }, { width: 12, height: 9 }));
  expect(report.findings[0]).toMatchObject({
    kind: "size-mismatch",
    examples: [{ detail: "the image has 12x8 pixels, its annotation says 12x9" }],
  });
});

test("progress counts every image of every split", async () => {
  const seen: string[] = [];
  const report = await checkDataset("shapes:count=3,validation=2", {
    onProgress: (done, total) => seen.push(`${done}/${total}`),
  });
  expect(seen).toEqual(["1/7", "2/7", "3/7", "4/7", "5/7", "6/7", "7/7"]);
  expect(report.wrong).toBe(false);
});

test("a folder that holds no split is refused, not found in order", async () => {
  await mkdir(join(folder, "holds-nothing"));
  for (const format of ["coco", "yolo", "voc"])
    await expect(checkDataset(`${format}:${join(folder, "holds-nothing")}`)).rejects.toThrow(/holds-nothing/u);
});

test("each kind of finding says what happens to it, and only what stops is wrong", () => {
  for (const { severity, action, meaning } of Object.values(dataPolicy)) {
    expect(meaning.length).toBeGreaterThan(10);
    expect(severity).toBe(action === "stop" ? "wrong" : "note");
  }
});
