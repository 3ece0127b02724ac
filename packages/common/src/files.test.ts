import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFileAtomic } from "./files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "detrkit-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a text, bytes and pieces of bytes arrive whole, in folders that are made", async () => {
  await writeFileAtomic(join(folder, "a/b/text"), "grüße");
  await writeFileAtomic(join(folder, "bytes"), Uint8Array.of(0, 255, 7));
  await writeFileAtomic(join(folder, "pieces"), [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)]);
  expect(readFileSync(join(folder, "a/b/text"), "utf8")).toBe("grüße");
  expect([...readFileSync(join(folder, "bytes"))]).toEqual([0, 255, 7]);
  expect([...readFileSync(join(folder, "pieces"))]).toEqual([1, 2, 3]);
});

test("an existing file is replaced, and nothing else is left in the folder", async () => {
  await writeFileAtomic(join(folder, "file"), "old and longer");
  await writeFileAtomic(join(folder, "file"), "new");
  expect(readFileSync(join(folder, "file"), "utf8")).toBe("new");
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("writers at the same time leave one of the contents, never a mixture", async () => {
  const contents = ["a", "b", "c", "d", "e"].map((letter) => letter.repeat(100_003));
  await Promise.all(contents.map((content) => writeFileAtomic(join(folder, "file"), content)));
  expect(contents).toContain(readFileSync(join(folder, "file"), "utf8"));
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("a write that fails leaves no temporary file behind", async () => {
  await mkdir(join(folder, "taken"));
  await expect(writeFileAtomic(join(folder, "taken"), "x")).rejects.toThrow(/EISDIR|ENOTEMPTY|EPERM/);
  expect(readdirSync(folder)).toEqual(["taken"]);
});
