import { DataError } from "@detrkit/common";
import type { CocoRunLength, CocoSegmentation } from "./coco-segmentation.ts";
import { compressCounts, decompressCounts } from "./compressed-counts.ts";
import { polygonsToMask } from "./polygon-mask.ts";
import { runLengthMask } from "./run-length-mask.ts";
import type { RunLengthMask } from "./run-length-mask.ts";

const isPolygons = (segmentation: CocoSegmentation): segmentation is readonly (readonly number[])[] =>
  Array.isArray(segmentation);

/**
 * The mask of a COCO `segmentation` of any kind.
 * @param height - the image's, for polygons; run lengths carry their own size
 * @param where - names the entry in errors
 */
export function segmentationToMask(
  segmentation: CocoSegmentation,
  height: number,
  width: number,
  where = "segmentation",
): RunLengthMask {
  if (isPolygons(segmentation)) {
    if (segmentation.length === 0) throw new DataError(`${where}: expected at least one polygon, got an empty list`);
    return polygonsToMask(segmentation, height, width, where);
  }
  const { size, counts } = segmentation;
  const runs = typeof counts === "string" ? decompressCounts(counts, where) : Uint32Array.from(counts);
  return runLengthMask(size[0], size[1], runs, where);
}

/** The mask as a COCO file writes it, with compressed run lengths. */
export function maskToSegmentation(mask: RunLengthMask): CocoRunLength & { readonly counts: string } {
  return { size: [mask.height, mask.width], counts: compressCounts(mask.counts) };
}
