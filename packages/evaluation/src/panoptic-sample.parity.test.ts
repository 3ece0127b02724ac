import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeImage } from "@detrkit/image";
import { segmentIdsOfColours } from "@detrkit/masks";
import { expect, test } from "vitest";
import type { PanopticSegment, PanopticSegmentation } from "./index.ts";
import { PanopticQuality } from "./index.ts";

// Not part of the repository: the images have licences of their own.
const folder = join(import.meta.dirname, "../../../../shared/data/coco-mini/panoptic-sample");

const readJson = async <Content>(...path: string[]): Promise<Content> =>
  JSON.parse(await readFile(join(...path), "utf8")) as Content;

interface SegmentInfo {
  readonly id: number;
  readonly category_id: number;
  readonly iscrowd: number;
  readonly area: number;
}

interface Sample {
  readonly annotations: readonly {
    readonly image_id: number;
    readonly file_name: string;
    readonly segments_info: readonly SegmentInfo[];
  }[];
}

interface Recorded extends Record<"all" | "things" | "stuff", Record<"PQ" | "SQ" | "RQ" | "n", number>> {
  /** By category: sum of IoUs, true positives, false positives, false negatives. */
  readonly counts: Readonly<Record<string, readonly [number, number, number, number]>>;
}

/** By the place of a segment in its list, modulo 6; 0 and 1 stay as they are. */
const [dropped, misnamed, split, merged] = [2, 3, 4, 5];

/**
 * A prediction with every kind of mistake: segments are left out, get the next category, lose a quarter of their
 * columns to a second one or are joined to the one before; then all pixels move by a row and two columns.
 */
function damaged(
  truth: Int32Array,
  [height, width]: readonly [number, number],
  segments: readonly SegmentInfo[],
  categoryIds: readonly number[],
): PanopticSegmentation {
  const places = new Map(segments.map(({ id }, place) => [id, place]));
  const categories = new Map<number, number>();
  const idAt = (row: number, column: number): number => {
    const place = places.get(truth[row * width + column] as number);
    if (place === undefined || place % 6 === dropped) return 0;
    if (place % 6 === merged) return place;
    return place % 6 === split && column % 64 >= 48 ? 1001 + place : place + 1;
  };
  segments.forEach(({ category_id: own }, place) => {
    const next = categoryIds[(categoryIds.indexOf(own) + 1) % categoryIds.length] as number;
    const category = place % 6 === misnamed ? next : own;
    if (place % 6 !== merged) categories.set(place + 1, category);
    else if (!categories.has(place)) categories.set(place, category);
    if (place % 6 === split) categories.set(1001 + place, category);
  });
  const segmentIds = Int32Array.from(truth, (_, pixel) =>
    idAt((Math.floor(pixel / width) + 1) % height, ((pixel % width) + 2) % width),
  );
  const seen = new Set(segmentIds);
  const found = Array.from(categories, ([id, categoryId]): PanopticSegment => ({ id, categoryId }));
  return { segmentIds, segments: found.filter(({ id }) => seen.has(id)) };
}

test("a damaged prediction of two images of COCO has the figures of the rules in numpy", async (context) => {
  context.skip(!existsSync(folder), `${folder} is not on this machine`);
  const categories = await readJson<{ readonly id: number; readonly isthing: number }[]>(
    folder,
    "panoptic_coco_categories.json",
  );
  const { annotations } = await readJson<Sample>(folder, "panoptic_examples.json");
  const recorded = await readJson<Recorded>(import.meta.dirname, "__fixtures__/panoptic-sample.json");
  const categoryIds = categories.map(({ id }) => id);
  const quality = new PanopticQuality({
    categories: categories.map(({ id, isthing }) => ({ id, isThing: isthing === 1 })),
  });
  for (const { image_id: image, file_name: name, segments_info: infos } of annotations) {
    const { data, height, width } = await decodeImage(await readFile(join(folder, "panoptic_examples", name)));
    const segmentIds = segmentIdsOfColours(data);
    const segments = infos.map(({ id, category_id: categoryId, iscrowd, area }) => {
      return { id, categoryId, isCrowd: iscrowd === 1, area };
    });
    quality.add(image, { segmentIds, segments }, damaged(segmentIds, [height, width], infos, categoryIds));
  }
  const found = quality.evaluate();
  for (const part of ["all", "things", "stuff"] as const) {
    for (const figure of ["PQ", "SQ", "RQ", "n"] as const)
      expect(found[part][figure]).toBeCloseTo(recorded[part][figure], 12);
  }
  for (const { categoryId, iouSum, truePositives, falsePositives, falseNegatives } of found.perClass) {
    const [recordedSum, ...counts] = recorded.counts[categoryId] ?? [0, 0, 0, 0];
    expect([categoryId, truePositives, falsePositives, falseNegatives]).toEqual([categoryId, ...counts]);
    expect(iouSum).toBeCloseTo(recordedSum, 12);
  }
});
