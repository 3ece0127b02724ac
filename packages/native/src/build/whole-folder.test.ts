import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { contentsName, fillInPlace, isUndamaged, isWhole, removeAbandoned } from "./whole-folder.ts";

let parent = "";
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "detrkit-whole-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

const fill = async (folder: string): Promise<void> => {
  mkdirSync(join(folder, "deep"));
  writeFileSync(join(folder, "deep", "library.so.2"), "12345");
  writeFileSync(join(folder, "header.h"), "123");
};

test("a folder is whole until a file of it is cut short, gone, or its list is", async () => {
  const target = join(parent, "made");
  const damages = [
    () => truncateSync(join(target, "deep", "library.so.2"), 4),
    () => rmSync(join(target, "deep", "library.so.2")),
    () => rmSync(join(target, contentsName)),
    () => truncateSync(join(target, contentsName), 7),
    () => rmSync(target, { recursive: true }),
  ];
  expect(isWhole(target)).toBe(false);
  for (const damage of damages) {
    await fillInPlace(target, fill);
    expect(isWhole(target)).toBe(true);
    damage();
    expect(isWhole(target)).toBe(false);
  }
});

test("only the files asked about are looked at", async () => {
  const target = join(parent, "made");
  await fillInPlace(target, fill);
  rmSync(join(target, "header.h"));
  expect(isWhole(target, /\.so/)).toBe(true);
  expect(isWhole(target)).toBe(false);
});

test("two machines that fill a shared folder at once leave it complete, and an existing one stays", async () => {
  const target = join(parent, "made");
  await Promise.all(Array.from({ length: 8 }, () => fillInPlace(target, fill)));
  expect(readdirSync(parent)).toEqual(["made"]);
  expect(isWhole(target)).toBe(true);
  const inode = (): number => statSync(join(target, "header.h")).ino;
  let first = 0;
  await fillInPlace(target, async (folder) => {
    await fill(folder);
    // Another machine is quicker.
    await fillInPlace(target, fill);
    first = inode();
  });
  expect(inode()).toBe(first);
});

test("bytes that changed are found where their time changed too", async () => {
  const target = join(parent, "made");
  await fillInPlace(target, fill);
  expect(await isUndamaged(target)).toBe(true);
  writeFileSync(join(target, "deep", "library.so.2"), "54321");
  expect([isWhole(target), await isUndamaged(target), await isUndamaged(target, /\.h$/)]).toEqual([true, false, true]);
});

test("filling that fails leaves what was there, and nothing else", async () => {
  const target = join(parent, "made");
  await fillInPlace(target, fill);
  const half = async (folder: string): Promise<void> => {
    await fill(folder);
    throw new Error("disk full");
  };
  await expect(fillInPlace(target, half)).rejects.toThrow("disk full");
  expect(readdirSync(parent)).toEqual(["made"]);
  expect(isWhole(target)).toBe(true);
});

test("what a dead process left is removed; what a living one or another machine works on stays", async () => {
  const dead = spawnSync(process.execPath, ["-e", "console.log(process.pid)"]).stdout.toString().trim();
  const names = [
    `a.building-${hostname()}-${dead}-x1`,
    `a.building-${hostname()}-${process.pid}-x2`,
    `a.building-elsewhere-${dead}-x3`,
    "a",
  ];
  for (const name of names) mkdirSync(join(parent, name));
  await removeAbandoned(parent);
  expect(readdirSync(parent).toSorted()).toEqual(names.slice(1).toSorted());
});
