import { encodePng } from "@detrkit/image";
import type { PanopticPicture } from "@detrkit/inference";
import { coloursOfSegmentIds } from "@detrkit/masks";
import sharp from "sharp";
import type { FoundSegments, ImageToSegment } from "./engine.ts";

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
  const masked = segments.map(async (segment) => {
    const pixels = Uint8Array.from(segmentIds, (id) => (id === segment.id ? 255 : 0));
    const mask = await sharp(pixels, { raw: { width, height, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    return { ...segment, mask };
  });
  return { width, height, segments: await Promise.all(masked) };
}
