import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageFiles } from "./image-files.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-images-"));
  await mkdir(join(folder, "deeper"));
  for (const name of ["b.JPG", "a.png", "a.detrkit.png", "notes.txt", "deeper/c.webp"])
    await writeFile(join(folder, name), "");
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("a folder stands for the images in it, but not for pictures that predict wrote", async () => {
  const names = (await imageFiles([folder])).map((file) => file.slice(folder.length + 1));
  expect(names).toEqual(["a.png", "b.JPG", join("deeper", "c.webp")]);
});

test("a file is taken whatever its name, and only once", async () => {
  const file = join(folder, "notes.txt");
  expect(await imageFiles([file, file])).toEqual([file]);
});

test("paths that lead to no image are named", async () => {
  await expect(imageFiles([join(folder, "none.jpg")])).rejects.toThrow("none.jpg does not exist");
  await mkdir(join(folder, "empty"));
  await expect(imageFiles([join(folder, "empty")])).rejects.toThrow("holds no images");
});
