import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StorageError } from "./errors.ts";
import { describeSystemError, writeFileAtomic } from "./files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "detrkit-system-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail("did not fail"),
    (error: unknown) => (error instanceof StorageError ? error.cause : error),
  );

test("what exists as a file is named where a folder was expected, from whatever call", async () => {
  const file = join(folder, "taken");
  writeFileSync(file, "");
  const sentence = `${file} is a file, where a folder was expected; choose another path, or remove the file`;
  for (const work of [
    mkdir(file),
    mkdir(join(file, "deeper"), { recursive: true }),
    readdir(file),
    writeFileAtomic(join(file, "a", "b"), "x"),
  ])
    expect(describeSystemError(await failureOf(work))).toEqual({ text: sentence, isAboutPath: true });
});

test("a folder where a file was expected, and a path that is not there, are named", async () => {
  mkdirSync(join(folder, "inner"));
  const wrongKind = `${join(folder, "inner")} is a folder, where a file was expected; choose another path`;
  expect(describeSystemError(await failureOf(writeFileAtomic(join(folder, "inner"), "x")))?.text).toBe(wrongKind);
  expect(describeSystemError(await failureOf(readFile(join(folder, "none"))))?.text).toBe(
    `${join(folder, "none")} does not exist; check the path`,
  );
});

test("a folder without permission is named, and the file that was asked for", async (context) => {
  context.skip(process.getuid?.() === 0, "root may write everywhere");
  chmodSync(folder, 0o500);
  const failure = describeSystemError(await failureOf(writeFileAtomic(join(folder, "file"), "x")));
  chmodSync(folder, 0o700);
  expect(failure?.text).toMatch(/^\S+file: permission denied; change the permissions/u);
});

test("a full disk is named with the file that was asked for, and leaves nothing of it", async (context) => {
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]).status === 0;
  context.skip(!isMounted, "a small file system can only be mounted by root");
  try {
    const failure = await failureOf(writeFileAtomic(join(folder, "big"), new Uint8Array(1 << 20)));
    expect(describeSystemError(failure)).toEqual({
      text: `${join(folder, "big")}: the disk is full; free some space, or choose a place on another disk`,
      isAboutPath: false,
    });
    expect(await readdir(folder)).toEqual([]);
    spawnSync("mount", ["-o", "remount,ro", folder]);
    const refused = await failureOf(writeFileAtomic(join(folder, "small"), "x"));
    expect(describeSystemError(refused)).toEqual({
      text: `${join(folder, "small")}: cannot be written, its disk is read-only; choose another place`,
      isAboutPath: true,
    });
    const folderRefused = describeSystemError(await failureOf(mkdir(join(folder, "new", "er"), { recursive: true })));
    expect(folderRefused?.text).toMatch(/new\S*: cannot be written, its disk is read-only; choose another place$/u);
  } finally {
    spawnSync("umount", [folder]);
  }
});

test("other errors are none of the system's", () => {
  for (const error of [new Error("x"), "ENOSPC", undefined, Object.assign(new Error("x"), { code: "ERR_DATA" })])
    expect(describeSystemError(error)).toBeUndefined();
});
