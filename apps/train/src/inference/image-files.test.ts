import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageFiles, picturePaths } from "./image-files.ts";

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

test("a picture lies beside its image, or in the folder asked for", () => {
  expect(picturePaths([join("photos", "a.jpg")], undefined)).toEqual([join("photos", "a.detrkit.png")]);
  expect(picturePaths([join("photos", "a.jpg")], "found")).toEqual([join("found", "a.detrkit.png")]);
});

test("no picture overwrites another one", () => {
  const files = ["a.jpg", "a.png", join("x", "a.jpg"), join("y", "a.jpg")];
  expect(new Set(picturePaths(files, "found")).size).toBe(4);
  expect(picturePaths(files, "found").slice(0, 2)).toEqual([
    join("found", "a.detrkit.png"),
    join("found", "a.png.detrkit.png"),
  ]);
});
