import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import { expect, test } from "vitest";
import { checkDataset, openDataset } from "../../index.ts";

test("the reader that docs/own-data.md shows reads what the page says", async () => {
  const page = await readFile(join(import.meta.dirname, "../../../../../docs/own-data.md"), "utf8");
  const folder = await mkdtemp(join(tmpdir(), "detrkit-own-data-"));
  try {
    await writeFile(join(folder, "cells.ts"), /```ts\n(.*?)```/su.exec(page)?.[1] ?? "");
    for (const split of ["train", "val"]) {
      await mkdir(join(folder, split));
      await writeFile(
        join(folder, split, "a.png"),
        await encodePng({ width: 31, height: 23, data: new Uint8Array(31 * 23 * 3) }),
      );
      await writeFile(join(folder, split, "boxes.csv"), "a.png,white,2,3,5,7\na.png,platelet,11,13,17,19\n");
    }
    const spec = `module:${join(folder, "cells.ts")},path=${folder}`;
    const { splits, wrong } = await checkDataset(spec);
    expect([wrong, splits.map(({ split, boxesByClass }) => [split, boxesByClass])]).toEqual([
      false,
      ["train", "val"].map((split) => [split, { platelet: 1, red: 0, white: 1 }]),
    ]);
    expect([...((await openDataset(spec, { split: "val" })).records[0]?.boxes ?? [])]).toEqual([
      2, 3, 5, 7, 11, 13, 17, 19,
    ]);
    await writeFile(join(folder, "val", "boxes.csv"), "a.png,green,2,3,5,7\n");
    await expect(openDataset(spec, { split: "val" })).rejects.toThrow(
      `val/boxes.csv:1: object of line 1: "green" is none of platelet, red, white`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
