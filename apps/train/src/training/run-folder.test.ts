import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRunFolder } from "./run-folder.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-run-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("a run is never replaced without being told so", async () => {
  const root = join(folder, "run");
  const run = await startRunFolder(root, "refuse");
  await writeFile(run.config, "{}");
  await writeFile(run.lastCheckpoint, "weights");
  await writeFile(join(root, "notes.txt"), "mine");
  await expect(startRunFolder(root, "refuse")).rejects.toThrow("--resume");
  expect(existsSync(run.lastCheckpoint)).toBe(true);
  await startRunFolder(root, "overwrite");
  expect(existsSync(run.lastCheckpoint)).toBe(false);
  expect(existsSync(join(root, "notes.txt"))).toBe(true);
});

test("a folder of other files is left alone, even with --overwrite", async () => {
  const root = join(folder, "photos");
  await startRunFolder(root, "refuse");
  await writeFile(join(root, "photo.jpg"), "x");
  await expect(startRunFolder(root, "overwrite")).rejects.toThrow("is not empty and holds no run");
});
