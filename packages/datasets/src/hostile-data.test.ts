import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DataError } from "@detrkit/common";
import { encodePng } from "@detrkit/image";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkDataset, exportCoco, openDataset, readDataset } from "./index.ts";

// Data sets from somewhere, made to do harm or damaged so that they do.
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-hostile-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, content: string | Uint8Array): Promise<string> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
  return join(folder, path);
}

const picture = await encodePng({ width: 7, height: 5, data: new Uint8Array(105) });
const cocoFile = (...names: readonly string[]): string =>
  JSON.stringify({
    images: names.map((name, index) => ({ id: index + 2, file_name: name, width: 7, height: 5 })),
    annotations: names.map((_, index) => ({ id: index + 2, image_id: index + 2, category_id: 3, bbox: [1, 1, 3, 2] })),
    categories: [{ id: 3, name: "cat" }],
  });

test("an image's name does not lead an export out of its folder, nor over another image", async () => {
  for (const place of ["data/a.png", "data/deep/a.png", "data/deep/er/a.png"]) await put(place, picture);
  const file = await put("data/deep/er/train.json", cocoFile("a.png", "../a.png", "../../a.png"));
  const dataset = await openDataset(`coco:${file},images=${dirname(file)}`);
  const out = join(folder, "out", "coco");
  await exportCoco(dataset, out);
  expect(
    (await readdir(folder, { recursive: true }))
      .filter((path) => path.endsWith("a.png") && path.startsWith("out"))
      .toSorted(),
  ).toEqual(["out/coco/images/train/2-a.png", "out/coco/images/train/3-a.png", "out/coco/images/train/a.png"]);
  const back = await openDataset(`coco:${out}`);
  expect(back.records.map(({ name }) => name)).toEqual(["a.png", "2-a.png", "3-a.png"]);
});

test.runIf(process.platform === "linux")("a pipe or a device is no image and no list", async () => {
  await put("images/a.png", picture);
  execFileSync("mkfifo", [join(folder, "images/b.png")]);
  const file = await put("train.json", cocoFile("a.png", "b.png", "../../../../../../dev/zero"));
  const { problems } = await readDataset(`coco:${file},images=${join(folder, "images")}`);
  expect(problems.map(({ kind }) => kind)).toEqual(["missing-image", "missing-image"]);
  const yaml = await put("data.yaml", "train: /dev/zero\nnames: [cat]\n");
  await expect(openDataset(`yolo:${yaml}`)).rejects.toThrow("is at /dev/zero, which is neither a folder nor a file");
});

test("a data.yaml of aliases of aliases is refused", async () => {
  const levels = Array.from(
    { length: 30 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array<string>(9).fill(`*l${level}`).join(", ")}]`,
  );
  const yaml = await put("data.yaml", `l0: &l0 [a]\n${levels.join("\n")}\nnames: [cat]\n`);
  const refusal = openDataset(`yolo:${yaml}`);
  await expect(refusal).rejects.toThrow(DataError);
  await expect(refusal).rejects.toThrow(/data\.yaml: not usable YAML \(Excessive alias count/u);
  await expect(openDataset(`yolo:${await put("data.yaml", "names: *none\n")}`)).rejects.toThrow(/data\.yaml.*none/u);
});

test("values nested without end are refused", async () => {
  const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const file = await put("train.json", cocoFile("a.png").replace('"image_id":2', `"image_id":${nested}`));
  await expect(readDataset(`coco:${file}`)).rejects.toThrow(/nested too deep or too large/u);
  const yaml = await put("data.yaml", `names: ${nested}\n`);
  await expect(readDataset(`yolo:${yaml}`)).rejects.toThrow(DataError);
});

test("hundreds of thousands of defects, or corners of a polygon, are counted", async () => {
  await put("images/train/a.png", picture);
  await put("classes.txt", "cat\n");
  await put("labels/train/a.txt", `${"x\n".repeat(200_000)}0 ${"0.1 0.1 0.9 0.1 0.9 0.9 ".repeat(50_000)}`);
  const { findings, splits } = await checkDataset(`yolo:${folder}`);
  // The triangle is walked around an even number of times, so that it covers nothing.
  expect(findings.map(({ kind, count }) => [kind, count])).toEqual([
    ["unreadable-annotation", 200_000],
    ["empty-mask", 1],
  ]);
  expect(splits[0]?.boxes).toBe(1);
});

test("thousands of equal boxes are as many findings, not their square", async () => {
  await put("images/train/a.png", picture);
  await put("classes.txt", "cat\n");
  await put("labels/train/a.txt", "0 0.5 0.5 0.5 0.5\n".repeat(3000));
  const { problems } = await readDataset(`yolo:${folder}`);
  expect(problems.map(({ kind }) => kind)).toEqual(Array<string>(2999).fill("duplicate-box"));
});

test("an XML of objects without an end, or without names, takes no longer than it is long", async () => {
  await put("JPEGImages/a.png", picture);
  const started = performance.now();
  await put("Annotations/a.xml", `<annotation>${"<object> ".repeat(200_000)}`);
  expect((await readDataset(`voc:${folder}`)).problems).toMatchObject([{ kind: "unreadable-annotation" }]);
  await put("Annotations/a.xml", `<annotation>${"<object></object>\n".repeat(50_000)}</annotation>`);
  expect((await readDataset(`voc:${folder}`)).problems).toMatchObject([
    { kind: "unreadable-annotation", line: 1, detail: "<object> without a <name>" },
  ]);
  // A search from every object to the end of the file took minutes.
  expect(performance.now() - started).toBeLessThan(20_000);
});
