import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import type { ImagePrediction } from "./prediction.ts";
import { predictionOutput } from "./prediction-output.ts";

const folder = temporaryFolder();
const detection = { label: "cat", labelId: 1, score: 0.5, box: { xmin: 1, ymin: 2, xmax: 3, ymax: 5 } };
const of = (image: string): ImagePrediction => ({ image, width: 7, height: 11, detections: [detection] });

/** What is written to standard output. */
function collected(): { readonly text: () => string; readonly stdout: { write(text: string): void } } {
  let text = "";
  return { text: () => text, stdout: { write: (more) => void (text += more) } };
}

test("several images are a list, one image is its detections, and what was not found is nothing", async () => {
  for (const [single, predictions, expected] of [
    [false, [of("a"), of("b")], [of("a"), of("b")]],
    [false, [], []],
    [true, [of("a")], [detection]],
  ] as const) {
    const { text, stdout } = collected();
    const output = predictionOutput({ file: undefined, lines: false, single, stdout });
    for (const prediction of predictions) await output.add(prediction);
    expect(text()).toBe("");
    await output.finish();
    expect(JSON.parse(text())).toEqual(expected);
  }
});

test("lines are there as soon as they are known, each of them JSON", async () => {
  const { text, stdout } = collected();
  const output = predictionOutput({ file: undefined, lines: true, single: true, stdout });
  await output.add(of("a"));
  expect(JSON.parse(text())).toEqual(of("a"));
  await output.add(of("b"));
  expect(
    text()
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as ImagePrediction).image),
  ).toEqual(["a", "b"]);
});

test("a file of JSON is written at the end, over an older one; nothing goes to standard output", async () => {
  const file = join(folder, "new", "found.json");
  const { text, stdout } = collected();
  const output = predictionOutput({ file, lines: false, single: false, stdout });
  await output.add(of("a"));
  expect(existsSync(file)).toBe(false);
  await output.finish();
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual([of("a")]);
  expect(text()).toBe("");
});

test("a file of lines grows, and an older one is kept until the first of them", async () => {
  const file = join(folder, "found.jsonl");
  await writeFile(file, "older\n");
  const output = predictionOutput({ file, lines: true, single: false, stdout: collected().stdout });
  expect(await readFile(file, "utf8")).toBe("older\n");
  await output.add(of("a"));
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(of("a"));
  await output.finish();
});

test("a disk that becomes full leaves whole lines", async (context) => {
  const small = join(folder, "small");
  await mkdir(small);
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", small]).status === 0;
  context.skip(!isMounted, "a small file system can only be mounted by root");
  try {
    const file = join(small, "found.jsonl");
    const output = predictionOutput({ file, lines: true, single: false, stdout: collected().stdout });
    const addAll = async (): Promise<void> => {
      for (let index = 0; index < 1000; index++) await output.add(of(String(index)));
    };
    await expect(addAll()).rejects.toMatchObject({ code: "ENOSPC", path: file });
    await output.finish();
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as ImagePrediction).image)).toEqual(lines.map((_, at) => String(at)));
    expect(lines.length).toBeGreaterThan(50);
  } finally {
    spawnSync("umount", [small]);
  }
});
