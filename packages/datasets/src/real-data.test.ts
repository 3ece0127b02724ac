import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkDataset, type Dataset, openDataset, panopticTruth } from "./index.ts";
import { loadObjectMasks } from "./masks/object-masks.ts";
import { segmentExtents } from "./masks/segment-extents.ts";

// Public data sets that lie beside a developer's checkout; their defects are listed in their READMEs.
const data = process.env["DETRKIT_DATA"] ?? join(import.meta.dirname, "../../../../shared/data");

async function counts(spec: string): Promise<Record<string, number>> {
  const { findings } = await checkDataset(spec, { decode: false });
  return Object.fromEntries(findings.map(({ kind, count }) => [kind, count]));
}

async function expectSegmentsAsWritten({ records }: Dataset): Promise<void> {
  for (const record of records) {
    const { segmentIds, segments, width } = await panopticTruth(record);
    expect(segments.map(({ area }) => area)).toEqual([...record.areas]);
    const extents = segmentExtents(segmentIds, width);
    const boxes = segments.flatMap(({ id }) => {
      const { left, top, right, bottom } = extents.get(id) as NonNullable<ReturnType<typeof extents.get>>;
      return [left, top, right, bottom];
    });
    expect([...record.boxes]).toEqual(boxes);
  }
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

    test.each([
      ["train", 288, 1_732_433, "11851999327ac055d08ca77d1ad3655f"],
      ["val", 136, 1_144_236, "088e7ffb16383e07d8d18dd6c3615830"],
    ])(
      "COCO pieces: the masks of %s are those of pycocotools 2.0.11, pixel by pixel",
      async (split, count, pixels, digest) => {
        const { records } = await openDataset(`${data}/coco-mini/tinycoco`, { split, masks: true });
        const masks = await Promise.all(
          records.map(async (record) => {
            const maskOf = await loadObjectMasks(record, record.name);
            return Array.from(record.annotationIds, (id, index) => [id, maskOf(index).data] as const);
          }),
        );
        const byId = masks.flat().toSorted(([a], [b]) => a - b);
        const hash = createHash("sha256");
        for (const [, mask] of byId) hash.update(mask);
        expect(byId).toHaveLength(count);
        expect(byId.reduce((sum, [, mask]) => sum + mask.reduce((a, b) => a + b, 0), 0)).toBe(pixels);
        expect(hash.digest("hex").slice(0, 32)).toBe(digest);
      },
    );

    test("COCO's panoptic sample: each of its 50 segments has the pixels and the box that its file says", async () => {
      const dataset = await openDataset(`${data}/coco-mini/panoptic-sample`, { masks: true });
      expect([dataset.length, dataset.classes.length, dataset.things?.filter(Boolean).length]).toEqual([2, 133, 80]);
      expect(dataset.records.map(({ labels }) => labels.length)).toEqual([18, 32]);
      await expectSegmentsAsWritten(dataset);
      expect(await counts(`${data}/coco-mini/panoptic-sample`)).toEqual({ "crowd-box": 3, "class-without-boxes": 125 });
    });

    test("Hugging Face's panoptic image: a list of segments becomes a file with the usual three lists", async () => {
      const folder = await mkdtemp(join(tmpdir(), "detrkit-hf-"));
      try {
        const source = join(data, "coco-mini/hf-39769");
        const text = await readFile(join(source, "coco_panoptic_annotations.txt"), "utf8");
        const segments = JSON.parse(text) as { readonly category_id: number }[];
        const ids = [...new Set(segments.map(({ category_id: id }) => id))];
        const content = {
          images: [{ id: 39769, file_name: "000000039769.jpg" }],
          annotations: [{ image_id: 39769, file_name: "000000039769.png", segments_info: segments }],
          categories: ids.map((id) => ({ id, name: `${id}`, isthing: Number(id < 91) })),
        };
        await writeFile(join(folder, "panoptic.json"), JSON.stringify(content));
        const folders = `images=${source},segments=${source}/coco_panoptic`;
        const dataset = await openDataset(`coco-panoptic:${folder}/panoptic.json,${folders}`, { masks: true });
        expect(dataset.records.map(({ labels, width, height }) => [labels.length, width, height])).toEqual([
          [6, 640, 480],
        ]);
        await expectSegmentsAsWritten(dataset);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    test("the baseline's shapes are without findings", async () => {
      expect(await counts(`coco:${data}/shapes-baseline`)).toEqual({});
    });
  },
);
