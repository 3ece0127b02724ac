import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "detrkit-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a folder is made with those above it, and again changes nothing", () => {
  const deep = join(folder, "a", "b", "c");
  makeFolder(deep);
  writeFileSync(join(deep, "kept"), "x");
  makeFolder(deep);
  expect(statSync(join(deep, "kept")).size).toBe(1);
});

test("a file in its place, or above it, is named by the error", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => makeFolder(join(folder, "file"))).toThrow(expect.objectContaining({ code: "EEXIST" }));
  expect(() => makeFolder(join(folder, "file", "deeper"))).toThrow(/file/u);
});

test("where a system takes no folders, that is said and not tried for ever", (context) => {
  context.skip(!existsSync("/proc/self"), "there is no /proc here");
  // In a process of its own: one that never comes back would take the test with it.
  const script = `
    const { describeSystemError, writeFileAtomic } = await import(process.argv[1]);
    await writeFileAtomic("/proc/detrkit/runs/file", "x").catch((error) => console.log(error.message));`;
  const url = new URL("./files.ts", import.meta.url).href;
  const { stdout } = spawnSync(
    process.execPath,
    ["--conditions=@detrkit/source", "--input-type=module", "--eval", script, url],
    { encoding: "utf8", timeout: 20_000 },
  );
  expect(stdout).toBe("/proc/detrkit: no folder can be made here; choose another place\n");
});
