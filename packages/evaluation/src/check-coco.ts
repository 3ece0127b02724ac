import { DataError } from "@detrkit/common";
import { assertFields, assertId, assertList, assertNumber, assertNumbers } from "./check-values.ts";
import type { Fields } from "./check-values.ts";
import type { CocoGroundTruth, CocoResult } from "./coco-types.ts";

function assertSegmentation(value: unknown, where: string): void {
  if (Array.isArray(value)) {
    for (const [index, polygon] of value.entries()) assertNumbers(polygon, `segmentation[${index}]`, where);
    return;
  }
  assertFields(value, `${where}: segmentation`);
  assertNumbers(value["size"], "segmentation.size", where, 2);
  if (typeof value["counts"] !== "string") assertNumbers(value["counts"], "segmentation.counts", where);
}

/** Some tools write an empty list for "none", both as `bbox` and as `segmentation`. */
const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);

/** Checks box and mask where they are given; returns whether any is given. */
function assertShape(fields: Fields, where: string): boolean {
  const hasBox = isGiven(fields["bbox"]);
  const hasMask = isGiven(fields["segmentation"]);
  if (hasBox) assertNumbers(fields["bbox"], "bbox", where, 4);
  if (hasMask) assertSegmentation(fields["segmentation"], where);
  return hasBox || hasMask;
}

/** Checks one list of a ground truth file; returns the ids, each once. */
function assertEntries(
  truth: Fields,
  list: string,
  source: string,
  check?: (fields: Fields, where: string) => void,
): Set<number> {
  const entries = truth[list];
  assertList(entries, `${source}: "${list}"`);
  const ids = new Set<number>();
  for (const [index, entry] of entries.entries()) {
    const where = `${source}: ${list}[${index}]`;
    assertFields(entry, where);
    const id = assertId(entry, "id", where);
    if (ids.has(id)) throw new DataError(`${where}: id ${id} occurs twice; ids must differ`);
    ids.add(id);
    check?.(entry, where);
  }
  return ids;
}

/** Throws an error that names the entry, if a value is not a COCO ground truth that metrics can be computed from. */
export function assertGroundTruth(value: unknown, source: string): asserts value is CocoGroundTruth {
  assertFields(value, `${source}: ground truth`);
  const imageIds = assertEntries(value, "images", source);
  assertEntries(value, "categories", source);
  assertEntries(value, "annotations", source, (fields, where) => {
    const imageId = assertId(fields, "image_id", where);
    if (!imageIds.has(imageId)) throw new DataError(`${where}: image_id ${imageId} is not among the images`);
    assertId(fields, "category_id", where);
    if (assertNumber(fields, "area", where) < 0)
      throw new DataError(`${where}: area expected 0 or more, got ${String(fields["area"])}`);
    assertShape(fields, where);
  });
}

/** Throws an error that names the entry, if a result can't be counted. */
export function assertResult(
  value: unknown,
  imageIds: { has(id: number): boolean } | undefined,
  where: string,
): asserts value is CocoResult {
  assertFields(value, where);
  const imageId = assertId(value, "image_id", where);
  if (imageIds?.has(imageId) === false) {
    throw new DataError(
      `${where}: image_id ${imageId} is not among the ground truth's images; ` +
        "results and ground truth must belong together",
    );
  }
  assertId(value, "category_id", where);
  assertNumber(value, "score", where);
  if (!assertShape(value, where))
    throw new DataError(`${where}: expected a bbox [left, top, width, height] or a segmentation, got neither`);
}
