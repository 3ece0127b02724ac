import { encodePng } from "@detrkit/image";
import type { PanopticPicture } from "@detrkit/inference";
import { coloursOfSegmentIds, pixelsOfSegment } from "@detrkit/masks";
import sharp from "sharp";
import type { FoundSegment, FoundSegments, ImageToSegment } from "./engine.ts";

/**
 * Segments in the form that was asked for. Pictures are encoded here, beside the model, so that the server answers
 * others.
 */
export async function foundSegments(
  { width, height, segmentIds, segments }: PanopticPicture,
  as: ImageToSegment["as"],
): Promise<FoundSegments> {
  if (as === "ids") {
    const ids = await encodePng({ width, height, data: coloursOfSegmentIds(segmentIds) });
    return { width, height, segments, ids };
  }
  const masked: FoundSegment[] = [];
  // One after the other: the pixels of a hundred segments of a large photo are gigabytes.
  for (const segment of segments) {
    const mask = await sharp(pixelsOfSegment(segmentIds, segment.id, 255), { raw: { width, height, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    masked.push({ ...segment, mask });
  }
  return { width, height, segments: masked };
}
