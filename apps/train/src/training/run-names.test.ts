import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { lastRun, newRunFolder } from "./run-names.ts";

const folder = temporaryFolder();

/** A folder with a file that was written at this second. */
function written(root: string, file: string, second: number): void {
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, file), '{ "data": "shapes" }');
  utimesSync(join(root, file), second, second);
}

test.each([
  ["./My Cells, 2", "My-Cells-2"],
  ["voc:/data/bccd/", "bccd"],
  ["csv:./boxes.csv,columns=file,-,class,xmin,ymin,xmax,ymax", "boxes"],
  ["module:./my-reader.ts,path=./data", "my-reader"],
  ["shapes:count=3", "shapes"],
  ["./.hidden", "hidden"],
  ["./блюдо", "блюдо"],
])("a run on %s is called %s", (data, name) => {
  expect(newRunFolder(data, folder)).toBe(join(folder, name));
});

test("a name that is taken gets a number, however it is written", () => {
  const runs = join(folder, "numbered");
  for (const name of ["Shapes", "shapes-2", "shapes-4"]) mkdirSync(join(runs, name), { recursive: true });
  expect(newRunFolder("shapes", runs)).toBe(join(runs, "shapes-3"));
});

test("the last run is the one that was worked on last, whatever else lies there", async () => {
  const runs = join(folder, "several");
  written(join(runs, "one"), "config.json", 100);
  written(join(runs, "one"), "checkpoint-last.safetensors", 400);
  written(join(runs, "two"), "config.json", 200);
  written(join(runs, "two"), "log.jsonl", 300);
  written(join(runs, "none"), "photo.jpg", 500);
  written(join(runs, "weights"), "config.json", 600);
  writeFileSync(join(runs, "weights", "config.json"), '{ "model_type": "detr" }');
  writeFileSync(join(runs, "comparison.html"), "");
  expect(await lastRun(runs)).toEqual({ root: join(runs, "one"), count: 2 });
});

test("where there is no run, the error says how to name one", async () => {
  await expect(lastRun(join(folder, "nothing"))).rejects.toThrow(
    /where there is none; name the folder of the run: .*--resume/u,
  );
});
