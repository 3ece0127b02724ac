import { DataError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/common";
import { decodeImage } from "@detrkit/image";
import { segmentIdsOfColours } from "@detrkit/masks";
import { expectWhole, isPixels, loadPicture, type PixelSource } from "../pixel-source.ts";

/** A picture whose pixels say which object they belong to: of each pixel one at most. */
export interface SegmentPicture {
  readonly source: PixelSource;
  /** `[T]` the value of each object's pixels; {@link noSegment} of an object that the picture does not have. */
  readonly ids: Int32Array;
  /** What a pixel's colour means: `red + 256·green + 256²·blue`, as in COCO's panoptic pictures. */
  readonly coding: "colour";
}

/** The id of an object that a picture does not have: no pixel has it. */
export const noSegment = -1;

/**
 * The id of each pixel.
 *
 * @param size - the image's, which the picture has to have
 * @param name - the image, for errors
 * @returns `[H·W]`
 * @throws DataError naming the picture when it cannot be read or has another size
 */
export async function loadSegmentIds(
  { source }: Pick<SegmentPicture, "source" | "coding">,
  { width, height }: ImageSize,
  name: string,
): Promise<Int32Array> {
  const picture = await loadPicture({ source, name });
  const file = typeof picture === "string" ? picture : `${name}, its masks`;
  const pixels = isPixels(picture)
    ? expectWhole(picture, file)
    : await decodeImage(picture, { name: file, orientation: "ignore" });
  if (pixels.width === width && pixels.height === height) return segmentIdsOfColours(pixels.data);
  throw new DataError(
    `${file}: the picture of the masks has ${pixels.width}x${pixels.height} pixels, its image ${width}x${height}; ` +
      "restore the picture that belongs to the image",
  );
}
