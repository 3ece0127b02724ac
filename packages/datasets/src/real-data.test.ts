import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkDataset, openDataset } from "./index.ts";

// Public data sets that lie beside a developer's checkout; their defects are listed in their READMEs.
const data = process.env["DETRKIT_DATA"] ?? join(import.meta.dirname, "../../../../shared/data");

async function counts(spec: string): Promise<Record<string, number>> {
  const { findings } = await checkDataset(spec, { decode: false });
  return Object.fromEntries(findings.map(({ kind, count }) => [kind, count]));
}

describe.skipIf(!existsSync(data))(
  `data sets in ${data} (skipped where they are not there; DETRKIT_DATA names another place)`,
  () => {
    test("BCCD: the two boxes of no area and the eight double labels are found, all else is sound", async () => {
      expect(await counts(`voc:${data}/bccd`)).toEqual({ "box-no-area": 2, "duplicate-box": 8 });
      const train = await openDataset(`voc:${data}/bccd`);
      const val = await openDataset(`voc:${data}/bccd`, { split: "val" });
      const boxes = ({ records }: typeof train): number => records.reduce((sum, { labels }) => sum + labels.length, 0);
      expect([train.length, boxes(train), val.length, boxes(val)]).toEqual([205, 2804, 87, 1137]);
      expect(train.classes).toEqual(["Platelets", "RBC", "WBC"]);
      expect(train.problems.filter(({ kind }) => kind === "box-no-area")).toMatchObject([
        { file: expect.stringContaining("BloodImage_00343.xml"), line: expect.any(Number) as number },
      ]);
    });

    test("COCO pieces: crowds and empty images are noted, nothing is wrong", async () => {
      const report = await checkDataset(`coco:${data}/coco-mini/tinycoco`);
      expect(report.wrong).toBe(false);
      expect(report.splits.map(({ images, boxes }) => [images, boxes])).toEqual([
        [32, 288],
        [6, 136],
      ]);
      const found = Object.fromEntries(report.findings.map(({ kind, count }) => [kind, count]));
      expect(found).toEqual({ "crowd-box": 5, "image-without-boxes": 2, "class-without-boxes": 39 + 64 });
    });

    test("the baseline's shapes are without findings", async () => {
      expect(await counts(`coco:${data}/shapes-baseline`)).toEqual({});
    });
  },
);
