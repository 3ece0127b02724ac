import { encodePng } from "@detrkit/image";
import { coloursOfSegmentIds } from "@detrkit/masks";
import sharp from "sharp";
import type { FoundSegment, FoundSegments, ImageToSegment } from "./engine.ts";

/** An image parted into segments, as a detector gives it. */
export interface SegmentedImage {
  readonly width: number;
  readonly height: number;
  /** `[height·width]`, row by row. */
  readonly segmentIds: Int32Array;
  readonly segments: readonly Omit<FoundSegment, "mask">[];
}

/** Segments in the form that was asked for. Pictures are encoded here, beside the model, so that the server answers others. */
export async function foundSegments(image: SegmentedImage, as: ImageToSegment["as"]): Promise<FoundSegments> {
  const { width, height, segmentIds } = image;
  const segments = image.segments.map(({ id, label, labelId, isThing, score, area }) => ({
    ...{ id, label, labelId, isThing, score, area },
  }));
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
