import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { mkdir, open, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StorageError } from "./errors.ts";
import { fillFrom, removeLeftovers, writeFileAtomic } from "./files.ts";

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
  await expect(writeFileAtomic(join(folder, "taken"), "x")).rejects.toThrow(/taken is a folder, where a file/u);
  expect(readdirSync(folder)).toEqual(["taken"]);
});

test("where there is no room for a file, the error says so, and the former one is still there", async () => {
  const path = join(folder, "large");
  await writeFileAtomic(path, "former");
  // The shell's limit on the size of files: a full disk to this program alone.
  const script = `
    const [, url, path] = process.argv;
    const { writeFileAtomic } = await import(url);
    await writeFileAtomic(path, new Uint8Array(4_000_000)).catch((error) => {
      console.log(error.code, error.message);
    });`;
  const limited = 'ulimit -f 1000; exec "$0" --conditions=@detrkit/source --input-type=module --eval "$@"';
  const url = new URL("./files.ts", import.meta.url).href;
  const { stdout } = spawnSync("sh", ["-c", limited, process.execPath, script, url, path], { encoding: "utf8" });
  expect(stdout).toContain(`ERR_STORAGE ${path}: larger than a file may be here`);
  expect(stdout).toContain("What it held before is still there");
  expect(readFileSync(path, "utf8")).toBe("former");
  expect(readdirSync(folder)).toEqual(["large"]);
});

test("a folder that cannot be made is named", async () => {
  await writeFileAtomic(join(folder, "file"), "x");
  await expect(writeFileAtomic(join(folder, "file/inside"), "x")).rejects.toThrow(StorageError);
  await expect(writeFileAtomic(join(folder, "file/inside"), "x")).rejects.toThrow(
    /file is a file, where a folder was expected/u,
  );
});

test("what killed writers left is removed, and nothing else", async () => {
  const others = ["file", "file.tmp", "12-0123abcd.tmp.txt"];
  for (const name of [...others, "file.12-0123abcd.tmp"]) await writeFile(join(folder, name), "");
  await removeLeftovers(folder);
  await removeLeftovers(join(folder, "missing"));
  expect(readdirSync(folder).toSorted()).toEqual(others.toSorted());
});

test("a buffer is filled from the middle of a file, and not from where it has no bytes", async () => {
  await writeFileAtomic(join(folder, "bytes"), Uint8Array.of(2, 3, 5, 7, 11));
  const file = await open(join(folder, "bytes"));
  const buffer = new Uint8Array(3);
  await fillFrom(file, 5, buffer, 1);
  expect([...buffer]).toEqual([3, 5, 7]);
  await expect(fillFrom(file, 5, buffer, 3)).rejects.toThrow("it points to byte 3, outside of the file");
  await expect(fillFrom(file, 5, buffer, -1)).rejects.toThrow("it points to byte -1, outside of the file");
  await expect(fillFrom(file, 9, buffer, 3)).rejects.toThrow("it ended while it was read");
  await file.close();
});
