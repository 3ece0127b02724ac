import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import { temporaryFolder } from "@detrkit/test-utils";
import { readLog } from "@detrkit/training";
import { expect, test } from "vitest";
import { runFolder } from "../src/training/run-folder.ts";
import { expectExit, runCli } from "./support/run-cli.ts";
import { tinyFlags } from "./support/tiny-run.ts";

const folder = temporaryFolder();
const module = join(folder, "reader.ts");
const data = `module:${module},path=${join(folder, "images")}`;

/** Types, so that the program has to strip them; the images' names are all that is read. */
const code = `
import { readdirSync } from "node:fs";
import { join } from "node:path";
const boxes: readonly (readonly [number, number, number, number])[] = [[3, 5, 14, 16], [11, 7, 28, 24]];
export const reader = {
  needs: ["path"],
  splits: (): string[] => ["train", "val"],
  read: ({ settings }: { settings: { path: string } }) => ({
    classes: ["left", "right"],
    images: readdirSync(settings.path).toSorted().map((name) => ({
      file: join(settings.path, name),
      objects: boxes.map((box, index) => ({ class: index ? "right" : "left", box })),
    })),
  }),
};
`;

test("training, resuming, evaluation and the data check take a reader of the user's own", async () => {
  await mkdir(join(folder, "images"));
  await writeFile(module, code);
  for (const name of ["a.png", "b.png", "c.png"])
    await writeFile(
      join(folder, "images", name),
      await encodePng({ width: 37, height: 31, data: new Uint8Array(37 * 31 * 3).fill(77) }),
    );
  const output = join(folder, "run");
  expectExit(await runCli("check-data", "--data", data), 0);
  const flags = tinyFlags(output).map((flag, index, all) =>
    all[index - 1] === "--data" ? data : all[index - 1] === "--epochs" ? "1" : flag,
  );
  expectExit(await runCli("train", ...flags), 0);
  expectExit(await runCli("train", "--output", output, "--resume", "--epochs", "2"), 0);
  const records = await readLog(runFolder(output).log);
  expect(records.map(({ epoch, step }) => [epoch, step])).toEqual([
    [1, 2],
    [2, 4],
  ]);
  const evaluated = await runCli(
    "evaluate",
    "--checkpoint",
    runFolder(output).lastCheckpoint,
    "--data",
    data,
    "--backend",
    "cpu",
    "--json",
  );
  expectExit(evaluated, 0);
  expect((JSON.parse(evaluated.stdout) as { metrics: unknown }).metrics).toEqual(records.at(-1)?.metrics);
  const missing = await runCli("check-data", "--data", `module:${join(folder, "none.ts")}`);
  expectExit(missing, 2);
  expect(missing.stderr).toContain("write module:FILE");
});

/** The same pictures from memory: bytes, pixels and a function, beside a file. */
const inMemory = `
import { readFileSync } from "node:fs";
import { join } from "node:path";
const pixels = { width: 37, height: 31, data: new Uint8Array(37 * 31 * 3).fill(77) };
const objects = [[3, 5, 14, 16], [11, 7, 28, 24]].map((box, index) => ({ class: index ? "right" : "left", box }));
export const reader = {
  needs: ["path"],
  splits: () => ["train", "val"],
  read: ({ settings: { path } }) => ({
    classes: ["left", "right"],
    images: [
      { name: "a.png", picture: readFileSync(join(path, "a.png")), objects },
      { name: "b.png", picture: pixels, objects },
      { name: "c.png", picture: async () => pixels, size: { width: 37, height: 31 }, objects },
    ],
  }),
};
`;

test("pictures from memory train to the numbers that files do, and check-data looks at them", async () => {
  const file = join(folder, "memory.mjs");
  await writeFile(file, inMemory);
  const spec = `module:${file},path=${join(folder, "images")}`;
  const checked = await runCli("check-data", "--data", spec);
  expectExit(checked, 0);
  expect(checked.stdout).toContain("6 images, 2 classes");
  const runs: unknown[] = [];
  for (const [name, source] of [
    ["files", data],
    ["memory", spec],
  ] as const) {
    const output = join(folder, name);
    const flags = tinyFlags(output).map((flag, index, all) =>
      all[index - 1] === "--data" ? source : all[index - 1] === "--epochs" ? "1" : flag,
    );
    expectExit(await runCli("train", ...flags), 0);
    const records = await readLog(runFolder(output).log);
    runs.push(records.map(({ loss, terms, gradientNorm, metrics }) => [loss, terms, gradientNorm, metrics]));
  }
  expect(runs[1]).toEqual(runs[0]);
});
