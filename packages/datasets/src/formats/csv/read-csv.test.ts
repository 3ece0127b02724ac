import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSource } from "../../open-dataset.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-csv-"));
});
afterEach(() => rm(folder, { recursive: true }));

test.each(["csv:", ""])("the tables of %sDIR are read once, for the splits and for what is in each", async (format) => {
  for (const name of ["a.png", "b.png"])
    await writeFile(join(folder, name), await encodePng({ width: 20, height: 10, data: new Uint8Array(600) }));
  const table = join(folder, "boxes.csv");
  const rows = ["file,class,xmin,ymin,xmax,ymax,split", "a.png,cat,2,1,8,6,train", "b.png,dog,3,2,9,7,val"];
  await writeFile(table, rows.join("\n"));
  const source = await openSource(`${format}${folder}`);
  await rm(table);
  expect(await source.splits()).toEqual(["train", "val"]);
  for (const [split, label] of [
    ["train", 0],
    ["val", 1],
  ] as const) {
    const { records, classes } = await source.read({ split });
    expect(classes).toEqual(["cat", "dog"]);
    expect(records.map(({ labels }) => [...labels])).toEqual([[label]]);
  }
});
