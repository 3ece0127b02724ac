import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { runFolder } from "../training/run-folder.ts";
import { resolveConfig } from "./resolve-config.ts";
import { resumeConfig } from "./resume-config.ts";

const folder = temporaryFolder();

async function stored(name: string, config: object): Promise<string> {
  const output = join(folder, name);
  await mkdir(output);
  await writeFile(runFolder(output).config, JSON.stringify({ ...config, output }));
  return output;
}

test("a run of a version that lacked a setting goes on with what its preset says", async () => {
  const config = resolveConfig({ data: "shapes:count=3", output: "x", preset: "detr-small", epochs: 5 });
  const { backboneNorm: _, backboneFrozenStages: __, ...older } = config;
  const output = await stored("older", older);
  expect(await resumeConfig({ output, epochs: 7 })).toEqual({ ...config, output, epochs: 7 });
});

test("a setting that this version does not know, or a preset that is gone, is named", async () => {
  const config = resolveConfig({ data: "shapes:count=3", output: "x" });
  const later = await stored("later", { ...config, warp: 9 });
  await expect(resumeConfig({ output: later })).rejects.toThrow("was not written by this version");
  const gone = await stored("gone", { ...config, preset: "detr-r9" });
  await expect(resumeConfig({ output: gone })).rejects.toThrow('there is no preset "detr-r9"');
});
