import { DataError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/common";
import { decodeImage, decodePalettePositions } from "@detrkit/image";
import { segmentIdsOfColours } from "@detrkit/masks";
import { vocPosition } from "./voc-palette.ts";
import { expectWhole, isPixels, loadPicture, type PixelSource } from "../pixel-source.ts";

/** A picture whose pixels say which object they belong to: of each pixel one at most. */
export interface SegmentPicture {
  readonly source: PixelSource;
  /** `[T]` the value of each object's pixels; {@link noSegment} of an object that the picture does not have. */
  readonly ids: Int32Array;
  readonly coding: SegmentCoding;
}

/**
 * What a pixel's value is. `colour`: `red + 256·green + 256²·blue`, as in COCO's panoptic pictures. `voc`: the position
 * in a palette, or the position of the colour in Pascal VOC's palette.
 */
export type SegmentCoding = "colour" | "voc";

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
  { source, coding }: Pick<SegmentPicture, "source" | "coding">,
  size: ImageSize,
  name: string,
): Promise<Int32Array> {
  const picture = await loadPicture({ source, name });
  const file = typeof picture === "string" ? picture : `${name}, its masks`;
  const numbers =
    coding === "voc" && !isPixels(picture) ? await decodePalettePositions(picture, { name: file }) : undefined;
  if (numbers !== undefined) return Int32Array.from(expectSize(numbers, size, file).data);
  const pixels = isPixels(picture)
    ? expectWhole(picture, file)
    : await decodeImage(picture, { name: file, orientation: "ignore" });
  const colours = segmentIdsOfColours(expectSize(pixels, size, file).data);
  return coding === "colour" ? colours : colours.map(vocPosition);
}

function expectSize<Picture extends ImageSize>(picture: Picture, { width, height }: ImageSize, file: string): Picture {
  if (picture.width === width && picture.height === height) return picture;
  throw new DataError(
    `${file}: the picture of the masks has ${picture.width}x${picture.height} pixels, its image ${width}x${height}; ` +
      "restore the picture that belongs to the image",
  );
}
