import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import { inputImages } from "./image-files.ts";
import { keepApart } from "./keep-apart.ts";

const folder = temporaryFolder();
const at = (...names: readonly string[]): string => join(folder, ...names);

beforeAll(async () => {
  for (const name of ["deeper", "empty", "one", "two"]) await mkdir(at(name));
  for (const name of ["b.JPG", "a.png", "notes.txt", "deeper/c.webp", "one/x.jpg", "one/x.png", "two/x.jpg"])
    await writeFile(at(name), "");
});

test("a folder stands for the images in it, called by their place in it", async () => {
  const { images, folders } = await inputImages([folder]);
  expect(images.map(({ path }) => path.slice(folder.length + 1))).toEqual([
    "a.png",
    "b.JPG",
    join("deeper", "c.webp"),
    join("one", "x.jpg"),
    join("one", "x.png"),
    join("two", "x.jpg"),
  ]);
  expect(images.map(({ stem }) => stem)).toEqual([
    "a",
    "b",
    join("deeper", "c"),
    join("one", "x"),
    join("one", "x.png"),
    join("two", "x"),
  ]);
  expect(folders).toEqual([folder]);
});

test("images of one name in different folders keep these, however they were given", async () => {
  const stems = [join("one", "x"), join("two", "x")];
  const files = await inputImages([at("one", "x.jpg"), at("two", "x.jpg")]);
  expect(files.images.map(({ stem }) => stem)).toEqual(stems);
  const mixed = await inputImages([at("one", "x.jpg"), at("two")]);
  expect(mixed.images.map(({ stem }) => stem)).toEqual(stems);
});

test("a file is taken whatever its name, only once, and called by its name alone", async () => {
  const file = at("notes.txt");
  expect((await inputImages([file, join(folder, "deeper", "..", "notes.txt")])).images).toEqual([
    { path: expect.stringContaining("notes.txt"), stem: "notes" },
  ]);
});

test("paths that lead to no image are named", async () => {
  await expect(inputImages([at("none.jpg")])).rejects.toThrow("none.jpg does not exist");
  await expect(inputImages([at("empty")])).rejects.toThrow("empty holds no images");
});

test.for<readonly [title: string, paths: readonly string[], folders: readonly string[], files: readonly string[]]>([
  ["a folder of images", ["one"], ["one"], []],
  ["a folder in a folder of images", ["one"], [join("one", "found", "new")], []],
  ["the folder of a single image", [join("one", "x.jpg")], ["one"], []],
  ["a link to a folder of images", ["one"], [join("link", "found")], []],
  ["an image", [join("one", "x.jpg")], [], [join("one", "x.jpg")]],
  ["a file in a folder of images", ["one"], [], [join("one", "found.json")]],
])("%s is not written to", async ([, paths, folders, files]) => {
  await symlink(at("one"), at("link")).catch(() => undefined);
  const inputs = await inputImages(paths.map((path) => at(path)));
  const planned = { folders: folders.map((path) => at(path)), files: files.map((path) => at(path)) };
  await expect(keepApart(inputs, planned)).rejects.toThrow(/folder of the images|is one of the images/u);
});

test("beside the images there is room", async () => {
  const inputs = await inputImages([at("one", "x.jpg"), at("two")]);
  const files = [at("one", "found.json")];
  const planned = { folders: [at("predictions"), at("one", "predictions")], files };
  await expect(keepApart(inputs, planned)).resolves.toBeUndefined();
});
