import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkRunFolder, clearRunFolder, runFolder, runOfCheckpoint } from "./run-folder.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-run-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("a run is never replaced without being told so, and what else lies in its folder stays", async () => {
  const run = runFolder(join(folder, "run"));
  await expect(checkRunFolder(run, "refuse")).resolves.toBeUndefined();
  await mkdir(run.root);
  await writeFile(run.config, '{ "data": "shapes" }');
  for (const file of [run.lastCheckpoint, join(run.root, "notes.txt")]) await writeFile(file, "{}");
  await expect(checkRunFolder(run, "refuse")).rejects.toThrow("--resume");
  await expect(checkRunFolder(run, "overwrite")).resolves.toBeUndefined();
  await expect(checkRunFolder(run, "resume")).resolves.toBeUndefined();
  expect(existsSync(run.lastCheckpoint)).toBe(true);
  await clearRunFolder(run);
  expect([run.config, run.lastCheckpoint].some((file) => existsSync(file))).toBe(false);
  expect(existsSync(join(run.root, "notes.txt"))).toBe(true);
});

test("a folder of other files is left alone, even with --overwrite", async () => {
  const photos = runFolder(join(folder, "photos"));
  await mkdir(photos.root);
  await writeFile(join(photos.root, "photo.jpg"), "x");
  await expect(checkRunFolder(photos, "overwrite")).rejects.toThrow("is not empty and holds no run");
});

test("the config.json of a model of Hugging Face is no run's, and stays", async () => {
  const model = runFolder(join(folder, "model"));
  await mkdir(model.root);
  await writeFile(model.config, '{ "model_type": "detr" }');
  await expect(checkRunFolder(model, "overwrite")).rejects.toThrow("is not empty and holds no run");
  await expect(checkRunFolder(model, "resume")).rejects.toThrow("holds no run to resume");
  expect(await runOfCheckpoint(model.root)).toBeUndefined();
  await writeFile(model.config, "{ half");
  await expect(checkRunFolder(model, "refuse")).rejects.toThrow("config.json is not JSON");
});

test("the checkpoint files of a run belong to it, other files do not", async () => {
  const run = runFolder(join(folder, "of-checkpoint"));
  await mkdir(run.root);
  await writeFile(run.config, '{ "data": "shapes" }');
  for (const checkpoint of [run.root, run.bestCheckpoint, run.lastCheckpoint])
    expect((await runOfCheckpoint(checkpoint))?.root).toBe(run.root);
  for (const other of [join(run.root, "mine.safetensors"), "hf:owner/name", folder])
    expect(await runOfCheckpoint(other)).toBeUndefined();
});

test("what a start that was killed left keeps no other from starting there", async () => {
  const started = runFolder(join(folder, "started"));
  await mkdir(started.root);
  for (const name of ["training.lock", "config.json.77-0123abcd.tmp"]) await writeFile(join(started.root, name), "{");
  await expect(checkRunFolder(started, "refuse")).resolves.toBeUndefined();
});

test("a run that is not there cannot be resumed", async () => {
  await expect(checkRunFolder(runFolder(join(folder, "nowhere")), "resume")).rejects.toThrow("holds no run to resume");
});
