import { DetrkitError } from "@detrkit/common";
import { decompressCounts } from "@detrkit/masks";
import type { DataProblem } from "../data-policy.ts";
import type { ImageRecord } from "../dataset.ts";
import { isRecord } from "../reading/text-files.ts";
import { noSegment } from "./segment-picture.ts";

/** Why an object has no mask that can be drawn. */
export type MaskDefect = Pick<DataProblem, "kind" | "detail">;

type MasksOfRecord = Pick<ImageRecord, "width" | "height" | "segmentations" | "segments">;

/** Whether a polygon has three points, so that there is something inside. */
export const hasArea = (polygon: readonly unknown[]): boolean => polygon.length >= 6;

/** Whether the source gives an object a mask, sound or not. Many programs write `[]` where there is none. */
export function hasMask({ segmentations, segments }: MasksOfRecord, index: number): boolean {
  if (segments !== undefined) return segments.ids[index] !== noSegment;
  const segmentation = segmentations?.[index];
  return segmentation !== undefined && !(Array.isArray(segmentation) && segmentation.length === 0);
}

/**
 * What is wrong with an object's mask, as far as it can be told without drawing it or loading a picture; `undefined` of
 * a sound one. Files hold what they like, so nothing is taken for granted.
 */
export function maskDefect(record: MasksOfRecord, index: number): MaskDefect | undefined {
  if (!hasMask(record, index)) return { kind: "object-without-mask", detail: "it has no mask" };
  if (record.segments !== undefined) return undefined;
  const segmentation: unknown = record.segmentations?.[index];
  return Array.isArray(segmentation) ? defectOfPolygons(segmentation) : defectOfRuns(segmentation, record);
}

const unreadable = (detail: string): MaskDefect => ({ kind: "unreadable-mask", detail });

function defectOfPolygons(polygons: readonly unknown[]): MaskDefect | undefined {
  for (const [place, polygon] of polygons.entries()) {
    const isList = Array.isArray(polygon) && polygon.length % 2 === 0 && polygon.every(Number.isFinite);
    if (!isList) return unreadable(`polygon ${place + 1} is no list x, y, x, y, … of finite numbers`);
  }
  if ((polygons as readonly number[][]).some(hasArea)) return undefined;
  return { kind: "short-polygon", detail: "none of its polygons has three points, so it has no mask" };
}

const isCount = (count: unknown): count is number => Number.isInteger(count) && (count as number) >= 0;

function defectOfRuns(segmentation: unknown, { width, height }: MasksOfRecord): MaskDefect | undefined {
  const { size, counts } = isRecord(segmentation) ? segmentation : {};
  const areCounts = typeof counts === "string" || (Array.isArray(counts) && counts.every(isCount));
  if (!Array.isArray(size) || size.length !== 2 || !areCounts)
    return unreadable('its mask is neither polygons nor run lengths with "size" and "counts"');
  if (size[0] !== height || size[1] !== width) {
    const [columns, rows] = [String(size[1]), String(size[0])];
    const detail = `its run lengths are of ${columns}x${rows} pixels, the image of ${width}x${height}`;
    return { kind: "mask-size-mismatch", detail };
  }
  try {
    const runs: ArrayLike<number> =
      typeof counts === "string" ? decompressCounts(counts, "its mask") : (counts as number[]);
    const sum = Array.from(runs).reduce((total, count) => total + count, 0);
    return sum === width * height
      ? undefined
      : unreadable(`its run lengths add up to ${sum}, expected ${width} × ${height} = ${width * height}`);
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    return unreadable(error.message);
  }
}
