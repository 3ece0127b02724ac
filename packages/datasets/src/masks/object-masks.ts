import { DataError } from "@detrkit/common";
import type { BinaryMask } from "@detrkit/image";
import {
  type CocoSegmentation,
  decodeMask,
  pixelsOfSegment,
  type RunLengthMask,
  segmentationToMask,
} from "@detrkit/masks";
import type { ImageRecord } from "../dataset.ts";
import { hasArea, maskDefect } from "./mask-defect.ts";
import { loadSegmentIds } from "./segment-picture.ts";

/** As much of a record as the masks of its objects are made of. */
export type MaskedRecord = Pick<
  ImageRecord,
  "width" | "height" | "boxes" | "labels" | "crowd" | "areas" | "annotationIds" | "segmentations" | "segments"
>;

/** The mask of a sound segmentation. Polygons of fewer than three points cover nothing. */
export function maskOfSegmentation(
  segmentation: CocoSegmentation,
  { width, height }: Pick<ImageRecord, "width" | "height">,
): RunLengthMask {
  const drawn = Array.isArray(segmentation)
    ? (segmentation as readonly (readonly number[])[]).filter(hasArea)
    : segmentation;
  return segmentationToMask(drawn, height, width);
}

/**
 * Loads what the masks of a record's objects are made of, and gives the function that draws them one by one.
 *
 * @param name - the image, for errors
 * @throws DataError naming the image, and the annotation where it is one's: what cannot be drawn, or is not there
 */
export async function loadObjectMasks(record: MaskedRecord, name: string): Promise<(index: number) => BinaryMask> {
  const { width, height, segmentations, segments, annotationIds } = record;
  const pixels = segments === undefined ? undefined : await loadSegmentIds(segments, record, name);
  return (index) => {
    const where = `${name}, annotation ${annotationIds[index]}`;
    const defect = maskDefect(record, index);
    if (defect !== undefined)
      throw new DataError(
        `${where}: ${defect.detail}, and without it the object would be taught as background; ` +
          "open the data with masks: true, which leaves such images out",
      );
    if (pixels !== undefined) return { width, height, data: pixelsOfSegment(pixels, segments?.ids[index] as number) };
    const segmentation = segmentations?.[index] as CocoSegmentation;
    return { width, height, data: decodeMask(maskOfSegmentation(segmentation, record)) };
  };
}
